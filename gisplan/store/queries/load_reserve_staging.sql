-- Take the staging area for this connection, or say that another one has it.
select pg_try_advisory_lock(%(key)s)
