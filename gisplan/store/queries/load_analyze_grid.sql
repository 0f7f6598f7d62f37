-- Let the planner know how much the new version holds.
analyze grid.version, grid.substation, grid.bus, grid.line, grid.transformer, grid.switch,
    grid.source, grid.load, grid.generator, grid.corridor, grid.obstacle, grid.barrier
