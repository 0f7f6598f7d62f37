-- Number of the version that serves; no row when nothing has been loaded.
select version_id from grid.version where state = 'active'
