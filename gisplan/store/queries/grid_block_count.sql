-- Blocks that each table occupies on disk: it is read a range of blocks at a time.
select
    name,
    pg_relation_size(('grid.' || name)::regclass) / current_setting('block_size')::integer as block_count
from unnest(%(tables)s::text[]) as wanted (name)
