-- Attributes of one corridor of the active version.
select
    corridor_kind, surface, evidence, free_ducts, laying, owner, permit_lead_time_days,
    excavation_ban_until::text as excavation_ban_until
from grid.corridor
join grid.version using (version_id)
where version.state = 'active' and corridor_id = %(element_id)s
