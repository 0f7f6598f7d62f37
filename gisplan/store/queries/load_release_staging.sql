-- Give the staging area back.
select pg_advisory_unlock(%(key)s)
