-- A new version, active at once: its rows follow in the same transaction.
insert into grid.version (state, fingerprint, source_name, working_srid, profile, warning_count)
values ('active', %(fingerprint)s, %(source_name)s, %(working_srid)s, %(profile)s, %(warning_count)s)
returning version_id
