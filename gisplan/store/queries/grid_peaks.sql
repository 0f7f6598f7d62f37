-- The newest measured peak of every transformer of a version.
select distinct on (p.transformer_id collate "C") p.transformer_id, p.peak_kva, p.measured_on::text
from grid.measured_peak p
join grid.transformer t on t.transformer_id = p.transformer_id and t.version_id = %(version_id)s
order by p.transformer_id collate "C", p.measured_on desc
