-- A measured peak of an element of the active version; no row comes back when there is none such.
insert into grid.measured_peak (element_kind, element_id, measured_on, peak_kva)
select %(element_kind)s, %(element_id)s, %(measured_on)s, %(peak_kva)s
from grid.version
where state = 'active'
    and case %(element_kind)s
        when 'transformer' then exists (
            select from grid.transformer
            where transformer.version_id = version.version_id
                and transformer_id = %(element_id)s)
        else exists (
            select from grid.line
            where line.version_id = version.version_id and line_id = %(element_id)s)
        end
on conflict (element_kind, element_id, measured_on) do update
set peak_kva = excluded.peak_kva, recorded_at = now()
returning element_id
