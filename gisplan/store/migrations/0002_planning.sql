-- Applications, what was planned for them, and the capacity that is held for them.

create schema planning;

create table planning.application (
    application_id              bigint generated always as identity primary key,
    reference                   text not null unique,       -- the utility's own number
    kind                        text not null check (kind in ('load', 'generation', 'storage', 'ev')),
    customer_class              text not null check (customer_class in
                                    ('household', 'heat_pump', 'ev_charging', 'commercial', 'industrial', 'aggregate')),
    demand_kva                  double precision not null check (demand_kva > 0 and demand_kva < 'infinity'),
    installed_power_kw          double precision check (installed_power_kw > 0),
    transformer_unit_kva        double precision check (transformer_unit_kva > 0),
    expected_maximum_demand_kw  double precision check (expected_maximum_demand_kw > 0),
    power_factor                double precision not null check (power_factor > 0 and power_factor <= 1),
    phases                      integer check (phases in (1, 3)),
    importance                  text not null check (importance in ('ordinary', 'second', 'first', 'special')),
    existing_bus_id             text,
    wanted_on                   date,
    applied_on                  date,
    status                      text not null check (status in ('received', 'planned', 'accepted', 'refused', 'withdrawn')),
    synthetic                   boolean not null,
    lon                         double precision not null check (lon between -180 and 180),
    lat                         double precision not null check (lat between -90 and 90),
    geom_3857                   geometry(Point, 3857) generated always as
                                    (st_transform(st_setsrid(st_makepoint(lon, lat), 4326), 3857)) stored
);
create index application_geom_3857 on planning.application using gist (geom_3857);
create index application_applied_on on planning.application (applied_on);

create table planning.plan (
    plan_id             bigint generated always as identity primary key,
    application_id      bigint not null references planning.application,
    version_id          bigint not null references grid.version,
    ledger_sequence     bigint not null,
    feasible            boolean not null,
    document            jsonb not null,
    created_at          timestamptz not null default now()
);
create index plan_application on planning.plan (application_id, plan_id);

create table planning.option (
    plan_id             bigint not null references planning.plan on delete cascade,
    rank                integer not null,
    feasible            boolean not null,
    access_kind         text not null,
    element_id          text not null,
    total_cost          double precision not null,
    currency            text not null,
    route_length_m      double precision not null,
    geom_3857           geometry(LineString, 3857),
    primary key (plan_id, rank)
);
create index option_geom_3857 on planning.option using gist (geom_3857);

-- One row per element and case: the new demand in full (its own cable) and coincident (upstream).
create table planning.reservation (
    reservation_id          bigint generated always as identity primary key,
    application_id          bigint not null references planning.application,
    plan_id                 bigint not null references planning.plan,
    element_id              text not null,
    element_kind            text not null check (element_kind in ('bus', 'line', 'transformer')),
    level                   text not null check (level in ('service', 'main', 'transformer', 'feeder', 'substation')),
    load_case               text not null check (load_case in ('load', 'feed_in')),
    offset_m                double precision,       -- along a line that is tapped between its buses
    phase                   text,
    p_kw                    double precision not null,
    q_kvar                  double precision not null,
    coincident_p_kw         double precision not null,
    coincident_q_kvar       double precision not null,
    bays                    integer not null check (bays >= 0),
    tap_position            integer,        -- of a transformer: where an accepted option needs its tap
    state                   text not null check (state in ('held', 'granted', 'released')),
    expires_at              timestamptz,
    unique (application_id, element_kind, element_id, level, load_case)
);
create index reservation_element on planning.reservation (element_id) where state <> 'released';

create table planning.ledger (
    only_row    boolean primary key default true check (only_row),
    sequence    bigint not null
);
insert into planning.ledger (sequence) values (0);

create table planning.event (
    event_id    bigint generated always as identity primary key,
    at          timestamptz not null default now(),
    actor       text not null,
    action      text not null,
    subject     text not null,
    detail      jsonb not null
);
