-- A new version, active at once: its rows follow in the same transaction.
insert into grid.version (
    state, fingerprint, source_name, working_srid, profile, warning_count, source_note,
    base_fingerprint, layers)
values (
    'active', %(fingerprint)s, %(source_name)s, %(working_srid)s, %(profile)s, %(warning_count)s,
    %(source_note)s, %(base_fingerprint)s, %(layers)s)
returning version_id
