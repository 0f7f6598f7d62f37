-- An application that holds capacity for another demand, kind or place than is given now.
select demand_kva, lon, lat
from planning.application
where reference = %(reference)s
    and exists (
        select from planning.reservation
        where reservation.application_id = application.application_id and state <> 'released')
    and (kind, customer_class, demand_kva, power_factor, lon, lat,
         expected_maximum_demand_kw, phases, phase, st_astext(parcel))
        is distinct from
        (%(kind)s, %(customer_class)s, %(demand_kva)s, %(power_factor)s, %(lon)s, %(lat)s,
         %(expected_maximum_demand_kw)s::double precision, %(phases)s::integer,
         %(phase)s::text, st_astext(st_geomfromtext(%(parcel)s::text, 4326)))
