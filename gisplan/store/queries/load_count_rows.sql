-- Rows of every table of one version.
select 'substation', count(*) from grid.substation where version_id = %(version_id)s
union all select 'bus', count(*) from grid.bus where version_id = %(version_id)s
union all select 'line', count(*) from grid.line where version_id = %(version_id)s
union all select 'transformer', count(*) from grid.transformer where version_id = %(version_id)s
union all select 'switch', count(*) from grid.switch where version_id = %(version_id)s
union all select 'source', count(*) from grid.source where version_id = %(version_id)s
union all select 'load', count(*) from grid.load where version_id = %(version_id)s
union all select 'generator', count(*) from grid.generator where version_id = %(version_id)s
union all select 'corridor', count(*) from grid.corridor where version_id = %(version_id)s
union all select 'obstacle', count(*) from grid.obstacle where version_id = %(version_id)s
union all select 'barrier', count(*) from grid.barrier where version_id = %(version_id)s
