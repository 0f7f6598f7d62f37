-- One stored plan.
select plan_id, application_id, version_id, ledger_sequence, feasible, document::text, created_at
from planning.plan
where plan_id = %(plan_id)s
