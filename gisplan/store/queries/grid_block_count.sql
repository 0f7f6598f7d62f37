-- Blocks that a table occupies on disk: it is read a range of blocks at a time.
select pg_relation_size(%(table)s::regclass) / current_setting('block_size')::integer
