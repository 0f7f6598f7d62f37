"""The grid as tables of arrays: one row an element, units in the column names.

Terms are those of IEC 61970/61968 (the glossary in ``gisplan/ARCHITECTURE.md`` gives the Chinese).
Coordinates are metres in the working CRS. Unknown numbers are NaN, unknown counts are -1, absent
references are -1, unknown codes are 0 where their enumeration has UNKNOWN. Ids are the ids of the
source and are unique within their table. Rows are sorted by id, so that the same grid always gives
the same arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]


class BusKind(IntEnum):
    """What a bus is made of; decides which access points it may offer."""

    JOINT = 0
    BUSBAR_SECTION = 1
    SUBSTATION_BUSBAR = 2
    RING_MAIN_UNIT = 3
    SWITCHING_STATION = 4
    TRANSFORMER_BOARD = 5
    CABINET = 6
    POLE = 7
    CUSTOMER = 8


class Installation(IntEnum):
    """How a line is laid."""

    UNKNOWN = 0
    OVERHEAD = 1
    CABLE = 2
    DUCT = 3


class LineRole(IntEnum):
    """A main carries others; a service belongs to one customer and connects nobody else."""

    MAIN = 0
    SERVICE = 1


class Protection(IntEnum):
    """Device that clears a fault on a line, standing at the line's feeding end."""

    UNKNOWN = 0
    FUSE_GG = 1
    RELAY = 2


class Phases(IntEnum):
    """Conductors that a load hangs on: all three, or one of them against neutral."""

    UNKNOWN = 0
    THREE = 1
    L1 = 2
    L2 = 3
    L3 = 4


class SwitchedKind(IntEnum):
    """What a switch separates from its bus."""

    LINE = 0
    TRANSFORMER = 1
    BUS = 2


class CorridorKind(IntEnum):
    """Right of way that a new cable may use."""

    STREET = 0
    TRENCH = 1
    DUCT_BANK = 2
    OVERHEAD = 3
    OPEN_GROUND = 4


class Surface(IntEnum):
    """What has to be opened and restored above a trench."""

    ASPHALT = 0
    PAVING = 1
    VERGE = 2
    OPEN_GROUND = 3


class Laying(IntEnum):
    """How a cable lies in a corridor, as far as the source says."""

    UNKNOWN = 0
    DIRECT_BURIAL = 1
    DUCT = 2
    TROUGH = 3
    DRILLING = 4
    OVERHEAD_SPAN = 5


class BarrierKind(IntEnum):
    """What a cable crosses at a price of its own, or keeps clear of: ways, waters, mains."""

    ROAD = 0
    RAIL = 1
    WATER = 2
    GAS_MAIN = 3
    HEAT_MAIN = 4
    WATER_MAIN = 5


class CustomerClass(IntEnum):
    """Group of customers that share coincidence factors in the catalogue."""

    HOUSEHOLD = 0
    HEAT_PUMP = 1
    EV_CHARGING = 2
    COMMERCIAL = 3
    INDUSTRIAL = 4
    AGGREGATE = 5


CLASS_NAMES = tuple(one.name.lower() for one in sorted(CustomerClass))
"""Words of the classes; the place of each is its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polylines:
    """Ragged geometry: row i owns ``xy_m[offset[i]:offset[i + 1]]`` (shape (n, 2), metres)."""

    offset: Integers
    xy_m: Floats

    def __len__(self) -> int:
        return len(self.offset) - 1

    def row(self, index: int) -> Floats:
        """Vertices of one row, shape (vertices, 2)."""
        return self.xy_m[self.offset[index] : self.offset[index + 1]]

    def take(self, rows: Integers) -> Polylines:
        """Return some of the rows."""
        count = np.diff(self.offset)[rows]
        offset = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        step = np.arange(int(offset[-1])) - np.repeat(offset[:-1], count)
        return Polylines(
            offset=offset, xy_m=self.xy_m[np.repeat(self.offset[:-1][rows], count) + step]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Buses:
    """Connectivity nodes.

    ``rated_short_circuit_current_ka`` is what the switchgear there withstands: the rated short-time
    withstand current (r.m.s., symmetrical).
    """

    bus_id: Texts
    name: Texts
    kind: Codes
    nominal_voltage_v: Floats
    substation_id: Texts
    bays_total: Integers
    bays_spare: Integers
    rated_short_circuit_current_ka: Floats
    x_m: Floats
    y_m: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Line segments; ``shape`` runs from ``from_bus`` to ``to_bus`` (indices into Buses).

    Resistance, reactance and capacitance are those of one of ``parallel_count`` equal systems: of
    the positive sequence and, where the name says ``zero``, of the zero sequence (at low voltage
    with the return through neutral and earth: the loop of a single-phase fault). ``protection``
    (code of ``Protection``) is the device at the feeding end, ``protection_current_a`` the rated
    current of its fuse or the pick-up of its relay in primary amperes.
    """

    line_id: Texts
    name: Texts
    from_bus: Integers
    to_bus: Integers
    length_m: Floats
    resistance_ohm_per_km: Floats
    reactance_ohm_per_km: Floats
    capacitance_nf_per_km: Floats
    zero_resistance_ohm_per_km: Floats
    zero_reactance_ohm_per_km: Floats
    zero_capacitance_nf_per_km: Floats
    rated_current_a: Floats
    parallel_count: Integers
    installation: Codes
    role: Codes
    conductor_type: Texts
    protection: Codes
    protection_current_a: Floats
    in_service: Flags
    shape: Polylines


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformers:
    """Two-winding transformers. ``tap_side`` 0 is the high-voltage side, 1 the low-voltage side."""

    transformer_id: Texts
    name: Texts
    hv_bus: Integers
    lv_bus: Integers
    rated_power_kva: Floats
    hv_voltage_v: Floats
    lv_voltage_v: Floats
    short_circuit_voltage_pct: Floats
    short_circuit_resistance_pct: Floats
    no_load_loss_w: Floats
    no_load_current_pct: Floats
    clock_number: Integers
    tap_side: Codes
    tap_position: Integers
    tap_neutral: Integers
    tap_min: Integers
    tap_max: Integers
    tap_step_pct: Floats
    parallel_count: Integers
    in_service: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """A switch sits between ``bus`` and one end of ``element`` (index in the table of its kind)."""

    switch_id: Texts
    bus: Integers
    element_kind: Codes
    element: Integers
    closed: Flags
    remote: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Infeeds of the region.

    The two short-circuit powers are those of the grid behind, initial symmetrical three-phase
    ("Sk''"), for the largest and for the smallest current; ``rx_ratio`` is R/X of both.
    """

    source_id: Texts
    bus: Integers
    voltage_pu: Floats
    short_circuit_power_mva: Floats
    short_circuit_power_min_mva: Floats
    rx_ratio: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """Existing load, as its diversified contribution at the peak of its transformer.

    ``phases`` is a code of ``Phases``. ``annual_energy_kwh`` and ``contract_capacity_kva`` are
    those of all ``customer_count`` customers of the row together.
    """

    load_id: Texts
    bus: Integers
    active_power_kw: Floats
    reactive_power_kvar: Floats
    customer_class: Codes
    customer_count: Integers
    phases: Codes
    annual_energy_kwh: Floats
    contract_capacity_kva: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Generators:
    """Existing generation at full output."""

    generator_id: Texts
    bus: Integers
    active_power_kw: Floats
    reactive_power_kvar: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class CorridorSources:
    """Corridors as loaded, before they are noded.

    ``laying`` holds codes of ``Laying``. ``owner`` is empty where it is unknown.
    ``excavation_ban_until`` is the last day of a ban on digging as a proleptic Gregorian ordinal
    (1 is 0001-01-01, as ``datetime.date.toordinal`` counts), NaN where there is none.
    """

    corridor_id: Texts
    kind: Codes
    surface: Codes
    evidence: Texts
    free_ducts: Integers
    laying: Codes
    owner: Texts
    permit_lead_time_days: Floats
    excavation_ban_until: Floats
    shape: Polylines


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacles:
    """Areas that cost more or are forbidden (``cost_factor`` = inf); outer rings only.

    A recorded right of way (``wayleave``) opens a forbidden area; a finite factor stays.
    """

    obstacle_id: Texts
    kind: Texts
    cost_factor: Floats
    wayleave: Flags
    shape: Polylines


@dataclass(frozen=True, slots=True, kw_only=True)
class Barriers:
    """Axes of roads, railways and waters, and mains of other utilities, all owned by others.

    ``kind`` holds codes of ``BarrierKind``; ``owner`` is empty where it is unknown.
    """

    barrier_id: Texts
    kind: Codes
    owner: Texts
    permit_lead_time_days: Floats
    shape: Polylines


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks:
    """Dated peaks measured at transformers and at the head lines of feeders; the newest counts.

    Each row names either a transformer or the first line of a feeder (row of ``Lines``); the other
    column is -1.
    """

    transformer: Integers
    line: Integers
    peak_kva: Floats
    measured_on: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One version of the grid, whole."""

    version_id: int
    working_srid: int
    profile: str
    fingerprint: str
    buses: Buses
    lines: Lines
    transformers: Transformers
    switches: Switches
    sources: Sources
    loads: Loads
    generators: Generators
    corridors: CorridorSources
    obstacles: Obstacles
    barriers: Barriers
