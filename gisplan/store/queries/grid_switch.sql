-- Switches of one range of blocks: every column packed into bytes, all in the same order of rows.
select
    count(*) as row_count,
    string_agg(textsend(switch_id), '\x00') as switch_id,
    string_agg(textsend(bus_id), '\x00') as bus_id,
    string_agg(int4send(array_position(%(switched_kinds)s::text[], element_kind) - 1), '') as element_kind,
    string_agg(textsend(element_id), '\x00') as element_id,
    string_agg(boolsend(closed), '') as closed,
    string_agg(boolsend(remote), '') as remote
from grid.switch
where version_id = %(version_id)s and ctid >= %(first)s::tid and ctid < %(end)s::tid
