-- The ground that a cable crosses: how it lies there, who owns it, what stands in the way.
-- Null: unknown. Bounds shut out NaN and infinity, which PostgreSQL sorts above every number.

alter table grid.corridor
    add column laying                   text
        check (laying in ('unknown', 'direct_burial', 'duct', 'trough', 'drilling', 'overhead_span')),
    add column owner                    text,
    add column permit_lead_time_days    double precision
        check (permit_lead_time_days >= 0 and permit_lead_time_days < 'infinity'),
    add column excavation_ban_until     date        -- the last day of the ban; null: none
        check (isfinite(excavation_ban_until) and excavation_ban_until >= '0001-01-01');

-- A recorded right of way opens an area that is forbidden otherwise.
alter table grid.obstacle
    add column wayleave                 boolean not null default false;

-- Axes of ways and waters, and mains of other utilities: crossed at a price, never dug along.
create table grid.barrier (
    version_id              bigint not null references grid.version on delete cascade,
    barrier_id              text not null,
    barrier_kind            text not null check (barrier_kind in
                                ('road', 'rail', 'water', 'gas_main', 'heat_main', 'water_main')),
    owner                   text,
    permit_lead_time_days   double precision
        check (permit_lead_time_days >= 0 and permit_lead_time_days < 'infinity'),
    geom                    geometry(LineString) not null,
    primary key (version_id, barrier_id)
);

alter table staging.corridor
    add column laying                   text,
    add column owner                    text,
    add column permit_lead_time_days    double precision,
    add column excavation_ban_until     date;
alter table staging.obstacle
    add column wayleave                 boolean;
create unlogged table staging.barrier as table grid.barrier with no data;
