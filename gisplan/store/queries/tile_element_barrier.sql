-- Attributes of one barrier of the active version.
select barrier_kind, owner, permit_lead_time_days
from grid.barrier
join grid.version using (version_id)
where version.state = 'active' and barrier_id = %(element_id)s
