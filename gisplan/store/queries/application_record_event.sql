-- The audit trail.
insert into planning.event (actor, action, subject, detail)
values (%(actor)s, %(action)s, %(subject)s, %(detail)s::jsonb)
