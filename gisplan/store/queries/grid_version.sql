-- One version of the grid: the one asked for, else the active one.
select version_id, fingerprint, working_srid, profile
from grid.version
where case when %(version_id)s::bigint is null then state = 'active'
      else version_id = %(version_id)s::bigint end
