-- A version serves again.
update grid.version set state = 'active' where version_id = %(version_id)s
