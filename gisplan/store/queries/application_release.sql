-- Give back what an application holds.
update planning.reservation
set state = 'released'
where application_id = %(application_id)s and state <> 'released'
