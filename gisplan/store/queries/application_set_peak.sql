-- A measured peak of a transformer of the active version; no row comes back when there is none such.
insert into grid.measured_peak (transformer_id, measured_on, peak_kva)
select transformer_id, %(measured_on)s, %(peak_kva)s
from grid.transformer
join grid.version using (version_id)
where version.state = 'active' and transformer_id = %(transformer_id)s
on conflict (transformer_id, measured_on) do update
set peak_kva = excluded.peak_kva, recorded_at = now()
returning transformer_id
