-- What short circuit, protection, unbalance and load estimation ask of a grid. Null: unknown.
-- Bounds shut out NaN too, which PostgreSQL sorts above infinity.

alter table grid.bus
    add column rated_short_circuit_current_ka   double precision
        check (rated_short_circuit_current_ka > 0 and rated_short_circuit_current_ka < 'infinity');

alter table grid.line
    add column zero_resistance_ohm_per_km       double precision
        check (zero_resistance_ohm_per_km >= 0 and zero_resistance_ohm_per_km < 'infinity'),
    add column zero_reactance_ohm_per_km        double precision
        check (zero_reactance_ohm_per_km >= 0 and zero_reactance_ohm_per_km < 'infinity'),
    add column zero_capacitance_nf_per_km       double precision
        check (zero_capacitance_nf_per_km >= 0 and zero_capacitance_nf_per_km < 'infinity'),
    add column protection                       text
        check (protection in ('unknown', 'fuse_gg', 'relay')),              -- at the feeding end
    add column protection_current_a             double precision            -- fuse rating or pick-up
        check (protection_current_a > 0 and protection_current_a < 'infinity');

alter table grid.source
    add column short_circuit_power_min_mva      double precision
        check (short_circuit_power_min_mva > 0 and short_circuit_power_min_mva < 'infinity');

alter table grid.load
    add column phases                           text
        check (phases in ('unknown', 'three', 'l1', 'l2', 'l3')),
    add column annual_energy_kwh                double precision            -- of all customers of the row
        check (annual_energy_kwh >= 0 and annual_energy_kwh < 'infinity'),
    add column contract_capacity_kva            double precision            -- of all customers of the row
        check (contract_capacity_kva > 0 and contract_capacity_kva < 'infinity');

-- The square root of an impedance less its resistance must exist. Rows of before are not asked.
alter table grid.transformer
    add constraint transformer_resistance_within_impedance
        check (short_circuit_resistance_pct <= short_circuit_voltage_pct) not valid;

alter table staging.bus
    add column rated_short_circuit_current_ka   double precision;
alter table staging.line
    add column zero_resistance_ohm_per_km       double precision,
    add column zero_reactance_ohm_per_km        double precision,
    add column zero_capacitance_nf_per_km       double precision,
    add column protection                       text,
    add column protection_current_a             double precision;
alter table staging.source
    add column short_circuit_power_min_mva      double precision;
alter table staging.load
    add column phases                           text,
    add column annual_energy_kwh                double precision,
    add column contract_capacity_kva            double precision;

-- A peak is measured at a transformer or at the line that a feeder begins with. What stands here
-- already was measured at transformers.
alter table grid.measured_peak rename column transformer_id to element_id;
alter table grid.measured_peak
    add column element_kind text not null default 'transformer' check (element_kind in ('transformer', 'line'));
alter table grid.measured_peak
    alter column element_kind drop default,
    drop constraint measured_peak_pkey,
    add primary key (element_kind, element_id, measured_on);

-- What disturbs the supply of others, and the conductor that an existing single-phase customer hangs on.
alter table planning.application
    add column largest_motor_kw     double precision check (largest_motor_kw > 0 and largest_motor_kw < 'infinity'),
    add column largest_step_kva     double precision check (largest_step_kva > 0 and largest_step_kva < 'infinity'),
    add column steps_per_hour       double precision check (steps_per_hour > 0 and steps_per_hour < 'infinity'),
    add column phase                text check (phase in ('L1', 'L2', 'L3'));

-- A moved open point is held as how its switches stand.
alter table planning.reservation
    drop constraint reservation_element_kind_check,
    add constraint reservation_element_kind_check
        check (element_kind in ('bus', 'line', 'transformer', 'switch'));
