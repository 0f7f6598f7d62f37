-- Type of every column of a staging table; geometry(Point) is geometry here.
select a.attname, format_type(a.atttypid, null)
from pg_attribute a
where a.attrelid = ('staging.' || quote_ident(%(table)s))::regclass
    and a.attnum > 0
    and not a.attisdropped
