-- Store a plan document with what it was made on.
insert into planning.plan (application_id, version_id, ledger_sequence, feasible, document)
values (%(application_id)s, %(version_id)s, %(ledger_sequence)s, %(feasible)s, %(document)s::jsonb)
returning plan_id
