-- Attributes of one obstacle of the active version; no cost factor means forbidden.
select obstacle_kind, cost_factor, wayleave
from grid.obstacle
join grid.version using (version_id)
where version.state = 'active' and obstacle_id = %(element_id)s
