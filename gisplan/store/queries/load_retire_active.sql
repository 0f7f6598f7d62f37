-- The version that serves stops to; plans keep referring to it.
update grid.version set state = 'retired' where state = 'active'
