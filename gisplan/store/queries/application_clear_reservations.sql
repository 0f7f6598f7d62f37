-- Take away what an application holds, before it is held anew.
delete from planning.reservation where application_id = %(application_id)s
