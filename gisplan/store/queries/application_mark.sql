-- A mark that is another one whenever any application was added, changed or removed: how many there
-- are, and the sum of the transactions that touched each last. The newest of them alone would miss a
-- transaction that began before it and ended after. Half a transaction is never seen.
select count(*), coalesce(sum(xmin::text::bigint), 0)::bigint
from planning.application
