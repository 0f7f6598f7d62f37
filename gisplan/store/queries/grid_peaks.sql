-- The newest measured peak of every transformer and line of a version that has one.
select distinct on (p.element_kind, p.element_id collate "C")
    p.element_kind, p.element_id, p.peak_kva, p.measured_on::text
from grid.measured_peak p
where exists (
        select from grid.transformer t
        where p.element_kind = 'transformer' and t.transformer_id = p.element_id
            and t.version_id = %(version_id)s)
    or exists (
        select from grid.line l
        where p.element_kind = 'line' and l.line_id = p.element_id
            and l.version_id = %(version_id)s)
order by p.element_kind, p.element_id collate "C", p.measured_on desc
