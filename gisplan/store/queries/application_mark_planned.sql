-- An application that was only received is planned now; one that holds capacity stays accepted.
update planning.application
set status = 'planned'
where application_id = %(application_id)s and status = 'received'
