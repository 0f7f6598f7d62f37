-- Transformers whose tap stands where there is no tap, or would turn the voltage into another one.
select
    'transformer' as table_name,
    ctid::text as row_id,
    'transformer ' || coalesce(transformer_id, 'without id') as element,
    'tap_position is ' || tap_position as found,
    'a position from ' || coalesce(tap_min::text, 'any') || ' to '
        || coalesce(tap_max::text, 'any') as expected,
    st_x(geom) as x_m,
    st_y(geom) as y_m
from staging.transformer
where tap_position < tap_min or tap_position > tap_max
union all
select
    'transformer',
    ctid::text,
    'transformer ' || coalesce(transformer_id, 'without id'),
    (tap_position::bigint - tap_neutral) || ' taps of ' || tap_step_pct || ' %% from neutral',
    'a change of less than ' || %(tap_change_max_pct)s || ' %%',
    st_x(geom),
    st_y(geom)
from staging.transformer
where abs(tap_step_pct)
    >= %(tap_change_max_pct)s / abs(nullif(tap_position::bigint - tap_neutral, 0))
order by element, found
