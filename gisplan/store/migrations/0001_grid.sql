-- The grid in versions, and the staging area that a load fills before it may become one.
-- Units are the last part of a column name. Geometry is in the version's working CRS (metres);
-- geom_3857 serves map tiles only.

create extension if not exists postgis;
create schema grid;
create schema staging;

create table grid.version (
    version_id      bigint generated always as identity primary key,
    state           text not null check (state in ('active', 'retired')),
    fingerprint     text not null unique,          -- sha256 over source, mapping and profile
    source_name     text not null,
    working_srid    integer not null,
    profile         text not null,
    warning_count   integer not null,
    loaded_at       timestamptz not null default now()
);
create unique index version_one_active on grid.version (state) where state = 'active';

create table grid.substation (
    version_id      bigint not null references grid.version on delete cascade,
    substation_id   text not null,
    name            text,
    geom            geometry(Point),
    primary key (version_id, substation_id)
);

create table grid.bus (
    version_id          bigint not null references grid.version on delete cascade,
    bus_id              text not null,
    name                text,
    bus_kind            text not null check (bus_kind in ('joint', 'busbar_section', 'substation_busbar',
                            'ring_main_unit', 'switching_station', 'transformer_board', 'cabinet', 'pole', 'customer')),
    nominal_voltage_v   double precision not null check (nominal_voltage_v > 0),
    substation_id       text,
    bays_total          integer check (bays_total >= 0),   -- null: unknown
    bays_spare          integer check (bays_spare >= 0),   -- null: unknown
    geom                geometry(Point) not null,
    geom_3857           geometry(Point, 3857),
    primary key (version_id, bus_id)
);

create table grid.line (
    version_id              bigint not null references grid.version on delete cascade,
    line_id                 text not null,
    name                    text,
    from_bus_id             text not null,
    to_bus_id               text not null,
    length_m                double precision not null check (length_m > 0),
    resistance_ohm_per_km   double precision not null check (resistance_ohm_per_km >= 0),
    reactance_ohm_per_km    double precision not null check (reactance_ohm_per_km >= 0),
    capacitance_nf_per_km   double precision check (capacitance_nf_per_km >= 0),
    rated_current_a         double precision check (rated_current_a > 0),     -- null: unknown
    parallel_count          integer not null check (parallel_count > 0),
    installation            text not null check (installation in ('unknown', 'overhead', 'cable', 'duct')),
    role                    text not null check (role in ('main', 'service')),
    conductor_type          text,
    in_service              boolean not null,
    geom                    geometry(LineString) not null,
    geom_3857               geometry(LineString, 3857),
    primary key (version_id, line_id)
);

create table grid.transformer (
    version_id                      bigint not null references grid.version on delete cascade,
    transformer_id                  text not null,
    name                            text,
    hv_bus_id                       text not null,
    lv_bus_id                       text not null,
    rated_power_kva                 double precision not null check (rated_power_kva > 0),
    hv_voltage_v                    double precision not null check (hv_voltage_v > 0),
    lv_voltage_v                    double precision not null check (lv_voltage_v > 0),
    short_circuit_voltage_pct       double precision not null check (short_circuit_voltage_pct > 0),
    short_circuit_resistance_pct    double precision not null check (short_circuit_resistance_pct >= 0),
    no_load_loss_w                  double precision check (no_load_loss_w >= 0),
    no_load_current_pct             double precision check (no_load_current_pct >= 0),
    clock_number                    integer check (clock_number between 0 and 11),
    tap_side                        text check (tap_side in ('hv', 'lv')),
    tap_position                    integer,
    tap_neutral                     integer,
    tap_min                         integer,
    tap_max                         integer,
    tap_step_pct                    double precision,
    parallel_count                  integer not null check (parallel_count > 0),
    in_service                      boolean not null,
    geom                            geometry(Point) not null,
    geom_3857                       geometry(Point, 3857),
    primary key (version_id, transformer_id)
);

create table grid.switch (
    version_id      bigint not null references grid.version on delete cascade,
    switch_id       text not null,
    bus_id          text not null,
    element_kind    text not null check (element_kind in ('line', 'transformer', 'bus')),
    element_id      text not null,
    closed          boolean not null,
    remote          boolean not null,
    primary key (version_id, switch_id)
);

create table grid.source (
    version_id                  bigint not null references grid.version on delete cascade,
    source_id                   text not null,
    bus_id                      text not null,
    voltage_pu                  double precision not null check (voltage_pu > 0),
    short_circuit_power_mva     double precision check (short_circuit_power_mva > 0),
    rx_ratio                    double precision check (rx_ratio >= 0),
    primary key (version_id, source_id)
);

create table grid.load (
    version_id          bigint not null references grid.version on delete cascade,
    load_id             text not null,
    bus_id              text not null,
    active_power_kw     double precision not null,
    reactive_power_kvar double precision not null,
    customer_class      text not null check (customer_class in
                            ('household', 'heat_pump', 'ev_charging', 'commercial', 'industrial', 'aggregate')),
    customer_count      integer not null check (customer_count >= 0),
    primary key (version_id, load_id)
);

create table grid.generator (
    version_id          bigint not null references grid.version on delete cascade,
    generator_id        text not null,
    bus_id              text not null,
    active_power_kw     double precision not null,
    reactive_power_kvar double precision not null,
    primary key (version_id, generator_id)
);

create table grid.corridor (
    version_id      bigint not null references grid.version on delete cascade,
    corridor_id     text not null,
    corridor_kind   text not null check (corridor_kind in ('street', 'trench', 'duct_bank', 'overhead', 'open_ground')),
    surface         text not null check (surface in ('asphalt', 'paving', 'verge', 'open_ground')),
    evidence        text not null,      -- 'surveyed', or what suggests that a street lies here: gas_main, heat_main, water_main
    free_ducts      integer check (free_ducts >= 0),
    geom            geometry(LineString) not null,
    geom_3857       geometry(LineString, 3857),
    primary key (version_id, corridor_id)
);

create table grid.obstacle (
    version_id      bigint not null references grid.version on delete cascade,
    obstacle_id     text not null,
    obstacle_kind   text not null,      -- building, water, parcel, protected
    cost_factor     double precision check (cost_factor >= 1),     -- null: forbidden
    geom            geometry(Polygon) not null,
    geom_3857       geometry(Polygon, 3857),
    primary key (version_id, obstacle_id)
);

create index bus_geom on grid.bus using gist (geom);
create index bus_geom_3857 on grid.bus using gist (geom_3857);
create index line_geom on grid.line using gist (geom);
create index line_geom_3857 on grid.line using gist (geom_3857);
create index transformer_geom_3857 on grid.transformer using gist (geom_3857);
create index corridor_geom_3857 on grid.corridor using gist (geom_3857);
create index obstacle_geom_3857 on grid.obstacle using gist (geom_3857);

-- A measured peak belongs to the asset, not to a version of the drawing: it survives a reload.
create table grid.measured_peak (
    transformer_id  text not null,
    measured_on     date not null,
    peak_kva        double precision not null check (peak_kva >= 0 and peak_kva < 'infinity'),
    recorded_at     timestamptz not null default now(),
    primary key (transformer_id, measured_on)
);

-- Staging: the same columns without any constraint, so that validation can name every fault at once.
-- Unlogged and committed before validation: a full disk is then an error of one statement.
create unlogged table staging.substation as table grid.substation with no data;
create unlogged table staging.bus as table grid.bus with no data;
create unlogged table staging.line as table grid.line with no data;
create unlogged table staging.transformer as table grid.transformer with no data;
create unlogged table staging.switch as table grid.switch with no data;
create unlogged table staging.source as table grid.source with no data;
create unlogged table staging.load as table grid.load with no data;
create unlogged table staging.generator as table grid.generator with no data;
create unlogged table staging.corridor as table grid.corridor with no data;
create unlogged table staging.obstacle as table grid.obstacle with no data;
