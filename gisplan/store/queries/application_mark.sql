-- A mark that is another one whenever any application was added, changed or removed: how many there
-- are, and the transaction that touched the last of them. Half a transaction is never seen.
select count(*), coalesce(max(xmin::text::bigint), 0)
from planning.application
