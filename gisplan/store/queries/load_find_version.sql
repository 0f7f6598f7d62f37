-- The version of a fingerprint, if it was ever loaded.
select version_id, state = 'active' as is_active, working_srid, warning_count
from grid.version
where fingerprint = %(fingerprint)s
