-- Move an application on.
update planning.application
set status = %(status)s
where application_id = %(application_id)s
