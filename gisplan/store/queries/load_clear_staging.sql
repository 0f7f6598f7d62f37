-- Empty the staging area.
truncate staging.substation, staging.bus, staging.line, staging.transformer, staging.switch,
    staging.source, staging.load, staging.generator, staging.corridor, staging.obstacle,
    staging.barrier
