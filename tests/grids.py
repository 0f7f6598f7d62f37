"""A test grid as text: ``grid("S1-A 100", "A-B 50 open", "S1-B 400")``.

One row an element; the first word says which kind it is, further words are options:

``S1-A 100``
    Line "S1-A" of 100 m. More words: ``open`` (an open switch at its second bus), ``open@A``,
    ``closed@A``, ``out`` (not in service), ``service``, ``overhead``, ``duct``, ``x2`` (parallel),
    ``r=0.2 x=0.08 c=260 i=270`` (ohm, ohm, nF per km, A; ``i=?`` unknown), the same of the zero
    sequence ``r0=0.8 x0=0.3 c0=200`` (unknown by default), ``fuse=160`` or ``relay=400`` (A; the
    device at its feeding end), ``type=NAYY4x150``, ``id=L7``.
``A>B 630``
    Transformer "A>B" of 630 kVA from A (HV) to B (LV), 20/0.4 kV. More words: ``110/20`` (kV),
    ``tap=-1``, ``tap=?``, ``vk=6``, ``vkr=1.2``, ``clock=11``, ``open`` (at its HV side),
    ``open@B``, ``out``, ``x2``, ``id=T7``.
``A=B``
    Closed bus-bus switch; ``A=B open``.
``B: 100 kW 20 kvar``
    Load at B (repeatable). More words: a customer class (``household`` by default),
    ``3 customers``, ``L1`` or ``three`` (phases), ``3500 kWh`` (a year), ``contract=14`` (kVA).
``B: gen 30 kW 5 kvar``
    Generator at B.
``B cabinet``
    Bus: a kind. More words: ``400V``, ``@100,50`` (place), ``bays=6/2`` (total/spare),
    ``substation=UW``, ``kA=16`` (rated short-circuit current); at a source ``sk=500``,
    ``skmin=300`` (MVA) and ``rx=0.1``.
``street 0,0 100,0``
    Corridor (any corridor kind) with its vertices. More words: a surface (``asphalt`` by default),
    a laying (``unknown`` by default), ``ducts=2``, ``owner=city``, ``permit=30`` (days),
    ``ban=2027-03-01`` (no digging until then), ``id=K7``.
``obstacle 0,0 9,0 9,9``
    Area, forbidden unless ``cost=3``. More words: ``wayleave``, ``kind=parcel``, ``id=O7``.
``barrier rail 0,0 100,0``
    Barrier (any barrier kind) with its vertices. More words: ``owner=DB``, ``permit=90``,
    ``id=R7``.

Buses named S, S1, S2, ... are sources (1.0 p.u., 500 MVA, the smallest short-circuit power
unknown, R/X 0.1). A bus has the voltage that a
bus row, a transformer or a line leads to it, else ``nominal_voltage_v`` (20 kV). Conductors and
transformers are common German types, see the constants. Bus kinds: a source bus and the LV side of
an HV/MV transformer are substation busbars, the LV side of a distribution transformer is its board,
everything else is a joint; a bus row says otherwise.

Places: the tree of shortest paths from the first bus, which stands at ``origin_m``. The shortest
line of a bus goes straight on (a chain lies on the x axis), the next ones turn off; transformers
and bus-bus switches have no extent. Geometry is as long as ``length_m`` says: a line that closes a
loop and is longer than the distance of its ends gets a bend. One that is shorter than that distance
is drawn straight, longer than it says; give places to avoid it.

Ids are what the row says (``S1-A``, ``A>B``, ``A=B``); a second one of the same text is ``S1-A#2``.
A load is called as its bus, a switch ``line@bus``. Rows are sorted by id, so look up by id:
``row(g.buses.bus_id, "A")``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from gisplan.model.grid import (
    BarrierKind,
    Barriers,
    Buses,
    BusKind,
    CorridorKind,
    CorridorSources,
    CustomerClass,
    Generators,
    Grid,
    Installation,
    Laying,
    LineRole,
    Lines,
    Loads,
    Obstacles,
    Phases,
    Polylines,
    Protection,
    Sources,
    Surface,
    SwitchedKind,
    Switches,
    Texts,
    Transformers,
)
from tests.grid_text import (
    Branch,
    Point,
    Text,
    choice,
    draw,
    find_voltages,
    is_source,
    lay_out,
    option,
    parallel,
    ratio,
    read,
    read_number,
    vertices,
)

# r, x in ohm/km, c in nF/km, rated current in A: usual data sheet values
CONDUCTORS = {
    "AL1/ST1A 184/30": (0.1571, 0.40, 8.8, 535.0),
    "NA2XS2Y 3x1x185": (0.161, 0.117, 273.0, 362.0),
    "NAYY 4x150": (0.208, 0.080, 261.0, 270.0),
    "NAYY 4x50": (0.642, 0.083, 210.0, 142.0),
}
# vk %, vkr %, no-load loss W, no-load current %, tap range, tap step %
DISTRIBUTION_TRANSFORMER = (6.0, 1.206, 1650.0, 0.2619, 2, 2.5)
SUBSTATION_TRANSFORMER = (16.2, 0.34, 18000.0, 0.05, 9, 1.5)
OBSTACLE_KIND = "building"
HIGH_VOLTAGE_V = 60_000.0

Column = npt.NDArray[Any]
T = TypeVar("T")


def grid(
    *rows: str,
    nominal_voltage_v: float = 20_000.0,
    origin_m: Point = (0.0, 0.0),
    working_srid: int = 25832,
    profile: str = "eu",
) -> Grid:
    """Build a grid from rows of text; the module's docstring tells the rows."""
    text = Text()
    for line in rows:
        read(line, text)
    voltage = find_voltages(text, nominal_voltage_v)
    places = lay_out(text, origin_m)
    draw(text, places)
    names = sorted(text.buses)
    index = {name: i for i, name in enumerate(names)}
    return Grid(
        version_id=1,
        working_srid=working_srid,
        profile=profile,
        fingerprint="test",
        buses=_buses(text, names, voltage, places),
        lines=_lines(text, index, voltage),
        transformers=_transformers(text, index),
        switches=_switches(text, index),
        sources=_sources(text, index),
        loads=_loads(text, index),
        generators=_generators(text, index),
        corridors=_corridors(text),
        obstacles=_obstacles(text),
        barriers=_barriers(text),
    )


def row(ids: Texts, element_id: str) -> int:
    """Row of an element in its table."""
    found = np.flatnonzero(ids == element_id)
    if len(found) != 1:
        raise KeyError(f"{element_id!r} is not one of {list(ids)}")
    return int(found[0])


def _texts(values: Sequence[str]) -> Texts:
    return np.array(values, dtype=np.str_) if len(values) else np.empty(0, "U1")


def _column(table: dict[str, T], dtype: type, value: Callable[[T], object]) -> Column:
    return np.array([value(table[key]) for key in sorted(table)], dtype=dtype)


def _polylines(shapes: Sequence[Sequence[Point]]) -> Polylines:
    offset = np.cumsum([0, *map(len, shapes)], dtype=np.int64)
    points = [p for shape in shapes for p in shape]
    return Polylines(offset=offset, xy_m=np.array(points, dtype=np.float64).reshape(-1, 2))


def _buses(
    text: Text, names: list[str], voltage: dict[str, float], places: dict[str, Point]
) -> Buses:
    by_default = {b.ends[1]: _secondary_kind(b) for b in text.transformers.values()}
    by_default |= {n: BusKind.SUBSTATION_BUSBAR for n in names if is_source(n)}
    words = [text.buses[n] for n in names]
    bays = [option(w, "bays", "-1/-1").split("/") for w in words]
    return Buses(
        bus_id=_texts(names),
        name=_texts(names),
        kind=np.array(
            [
                choice(w, BusKind, by_default.get(n, BusKind.JOINT))
                for n, w in zip(names, words, strict=True)
            ],
            dtype=np.uint8,
        ),
        nominal_voltage_v=np.array([voltage[n] for n in names], dtype=np.float64),
        substation_id=_texts([option(w, "substation", "") for w in words]),
        bays_total=np.array([b[0] for b in bays], dtype=np.int64),
        bays_spare=np.array([b[1] for b in bays], dtype=np.int64),
        rated_short_circuit_current_ka=np.array([read_number(w, "kA", math.nan) for w in words]),
        x_m=np.array([places[n][0] for n in names], dtype=np.float64),
        y_m=np.array([places[n][1] for n in names], dtype=np.float64),
    )


def _secondary_kind(branch: Branch) -> BusKind:
    low = ratio(branch)[1] < 1000
    return BusKind.TRANSFORMER_BOARD if low else BusKind.SUBSTATION_BUSBAR


def _conductor(line: Branch, voltage_v: float) -> str:
    if voltage_v >= HIGH_VOLTAGE_V:
        return "AL1/ST1A 184/30"
    if voltage_v >= 1000:
        return "NA2XS2Y 3x1x185"
    return "NAYY 4x50" if "service" in line.words else "NAYY 4x150"


def _lines(text: Text, index: dict[str, int], voltage: dict[str, float]) -> Lines:
    table = text.lines
    types = {key: _conductor(line, voltage[line.ends[0]]) for key, line in table.items()}

    def electrical(key_word: str, position: int) -> Column:
        return np.array(
            [
                read_number(table[key].words, key_word, CONDUCTORS[types[key]][position])
                for key in sorted(table)
            ],
            dtype=np.float64,
        )

    def given(key_word: str) -> Column:
        return _column(table, np.float64, lambda b: read_number(b.words, key_word, math.nan))

    return Lines(
        line_id=_texts(sorted(table)),
        name=_texts(sorted(table)),
        from_bus=_column(table, np.int64, lambda b: index[b.ends[0]]),
        to_bus=_column(table, np.int64, lambda b: index[b.ends[1]]),
        length_m=_column(table, np.float64, lambda b: b.number),
        resistance_ohm_per_km=electrical("r", 0),
        reactance_ohm_per_km=electrical("x", 1),
        capacitance_nf_per_km=electrical("c", 2),
        zero_resistance_ohm_per_km=given("r0"),
        zero_reactance_ohm_per_km=given("x0"),
        zero_capacitance_nf_per_km=given("c0"),
        rated_current_a=electrical("i", 3),
        parallel_count=_column(table, np.int64, lambda b: parallel(b.words)),
        installation=_column(
            table, np.uint8, lambda b: choice(b.words, Installation, Installation.CABLE)
        ),
        role=_column(table, np.uint8, lambda b: choice(b.words, LineRole, LineRole.MAIN)),
        conductor_type=_texts([option(table[k].words, "type", types[k]) for k in sorted(table)]),
        protection=_column(table, np.uint8, _protection),
        protection_current_a=np.fmax(given("fuse"), given("relay")),
        in_service=_column(table, np.bool_, lambda b: "out" not in b.words),
        shape=_polylines([table[key].shape for key in sorted(table)]),
    )


def _protection(line: Branch) -> Protection:
    keys = {word.split("=")[0] for word in line.words}
    if "fuse" in keys:
        return Protection.FUSE_GG
    return Protection.RELAY if "relay" in keys else Protection.UNKNOWN


def _transformers(text: Text, index: dict[str, int]) -> Transformers:
    table = text.transformers

    def data(b: Branch, position: int) -> float:
        large = ratio(b)[1] >= 1000
        return (SUBSTATION_TRANSFORMER if large else DISTRIBUTION_TRANSFORMER)[position]

    def tap(b: Branch) -> int:
        return int(option(b.words, "tap", "0").replace("?", "0"))

    return Transformers(
        transformer_id=_texts(sorted(table)),
        name=_texts(sorted(table)),
        hv_bus=_column(table, np.int64, lambda b: index[b.ends[0]]),
        lv_bus=_column(table, np.int64, lambda b: index[b.ends[1]]),
        rated_power_kva=_column(table, np.float64, lambda b: b.number),
        hv_voltage_v=_column(table, np.float64, lambda b: ratio(b)[0]),
        lv_voltage_v=_column(table, np.float64, lambda b: ratio(b)[1]),
        short_circuit_voltage_pct=_column(
            table, np.float64, lambda b: read_number(b.words, "vk", data(b, 0))
        ),
        short_circuit_resistance_pct=_column(
            table, np.float64, lambda b: read_number(b.words, "vkr", data(b, 1))
        ),
        no_load_loss_w=_column(table, np.float64, lambda b: data(b, 2)),
        no_load_current_pct=_column(table, np.float64, lambda b: data(b, 3)),
        clock_number=_column(table, np.int64, lambda b: int(option(b.words, "clock", "5"))),
        tap_side=_column(table, np.uint8, lambda _: 0),
        tap_position=_column(table, np.int64, tap),
        tap_neutral=_column(table, np.int64, lambda _: 0),
        tap_min=_column(table, np.int64, lambda b: -data(b, 4)),
        tap_max=_column(table, np.int64, lambda b: data(b, 4)),
        tap_step_pct=_column(
            table, np.float64, lambda b: math.nan if "tap=?" in b.words else data(b, 5)
        ),
        parallel_count=_column(table, np.int64, lambda b: parallel(b.words)),
        in_service=_column(table, np.bool_, lambda b: "out" not in b.words),
    )


def _switches(text: Text, index: dict[str, int]) -> Switches:
    found: dict[str, tuple[int, int, int, bool]] = {}
    for kind, table in (
        (SwitchedKind.LINE, text.lines),
        (SwitchedKind.TRANSFORMER, text.transformers),
    ):
        for element, key in enumerate(sorted(table)):
            ends = table[key].ends
            for word in table[key].words:
                state, _, bus = word.partition("@")
                if state in {"open", "closed"}:
                    bus = bus or ends[1 if kind is SwitchedKind.LINE else 0]
                    found[f"{key}@{bus}"] = (index[bus], kind, element, state == "closed")
    for key, branch in text.couplers.items():
        a, b = (index[end] for end in branch.ends)
        found[key] = (a, SwitchedKind.BUS, b, "open" not in branch.words)
    return Switches(
        switch_id=_texts(sorted(found)),
        bus=_column(found, np.int64, lambda s: s[0]),
        element_kind=_column(found, np.uint8, lambda s: s[1]),
        element=_column(found, np.int64, lambda s: s[2]),
        closed=_column(found, np.bool_, lambda s: s[3]),
        remote=_column(found, np.bool_, lambda _: False),
    )


def _sources(text: Text, index: dict[str, int]) -> Sources:
    table = {name: (bus, text.buses[name]) for name, bus in index.items() if is_source(name)}
    return Sources(
        source_id=_texts(sorted(table)),
        bus=_column(table, np.int64, lambda s: s[0]),
        voltage_pu=_column(table, np.float64, lambda _: 1.0),
        short_circuit_power_mva=_column(
            table, np.float64, lambda s: read_number(s[1], "sk", 500.0)
        ),
        short_circuit_power_min_mva=_column(
            table, np.float64, lambda s: read_number(s[1], "skmin", math.nan)
        ),
        rx_ratio=_column(table, np.float64, lambda s: read_number(s[1], "rx", 0.1)),
    )


def _before(words: Sequence[str], unit: str, default: float) -> float:
    return float(words[words.index(unit) - 1]) if unit in words else default


def _loads(text: Text, index: dict[str, int]) -> Loads:
    table = text.loads
    return Loads(
        load_id=_texts(sorted(table)),
        bus=_column(table, np.int64, lambda r: index[r[0]]),
        active_power_kw=_column(table, np.float64, lambda r: _before(r[1], "kW", 0.0)),
        reactive_power_kvar=_column(table, np.float64, lambda r: _before(r[1], "kvar", 0.0)),
        customer_class=_column(
            table, np.uint8, lambda r: choice(r[1], CustomerClass, CustomerClass.HOUSEHOLD)
        ),
        customer_count=_column(table, np.int64, lambda r: _before(r[1], "customers", 1.0)),
        phases=_column(table, np.uint8, lambda r: choice(r[1], Phases, Phases.UNKNOWN)),
        annual_energy_kwh=_column(table, np.float64, lambda r: _before(r[1], "kWh", math.nan)),
        contract_capacity_kva=_column(
            table, np.float64, lambda r: read_number(r[1], "contract", math.nan)
        ),
    )


def _generators(text: Text, index: dict[str, int]) -> Generators:
    table = text.generators
    return Generators(
        generator_id=_texts(sorted(table)),
        bus=_column(table, np.int64, lambda r: index[r[0]]),
        active_power_kw=_column(table, np.float64, lambda r: _before(r[1], "kW", 0.0)),
        reactive_power_kvar=_column(table, np.float64, lambda r: _before(r[1], "kvar", 0.0)),
    )


def _corridors(text: Text) -> CorridorSources:
    table = text.corridors
    return CorridorSources(
        corridor_id=_texts(sorted(table)),
        kind=_column(table, np.uint8, lambda w: CorridorKind[w[0].upper()]),
        surface=_column(table, np.uint8, lambda w: choice(w[1:], Surface, Surface.ASPHALT)),
        evidence=_texts(["surveyed"] * len(table)),
        free_ducts=_column(table, np.int64, lambda w: int(option(w, "ducts", "-1"))),
        laying=_column(table, np.uint8, lambda w: choice(w[1:], Laying, Laying.UNKNOWN)),
        owner=_texts([option(table[key], "owner", "") for key in sorted(table)]),
        permit_lead_time_days=_column(
            table, np.float64, lambda w: read_number(w, "permit", math.nan)
        ),
        excavation_ban_until=_column(table, np.float64, _ban_until),
        shape=_polylines([vertices(table[key]) for key in sorted(table)]),
    )


def _ban_until(words: Sequence[str]) -> float:
    day = option(words, "ban", "")
    return float(date.fromisoformat(day).toordinal()) if day else math.nan


def _obstacles(text: Text) -> Obstacles:
    table = text.obstacles
    rings = [vertices(table[key]) for key in sorted(table)]
    return Obstacles(
        obstacle_id=_texts(sorted(table)),
        kind=_texts([option(table[key], "kind", OBSTACLE_KIND) for key in sorted(table)]),
        cost_factor=_column(table, np.float64, lambda w: read_number(w, "cost", math.inf)),
        wayleave=_column(table, np.bool_, lambda w: "wayleave" in w),
        shape=_polylines([ring if ring[0] == ring[-1] else [*ring, ring[0]] for ring in rings]),
    )


def _barriers(text: Text) -> Barriers:
    table = text.barriers
    return Barriers(
        barrier_id=_texts(sorted(table)),
        kind=_column(table, np.uint8, lambda w: BarrierKind[w[0].upper()]),
        owner=_texts([option(table[key], "owner", "") for key in sorted(table)]),
        permit_lead_time_days=_column(
            table, np.float64, lambda w: read_number(w, "permit", math.nan)
        ),
        shape=_polylines([vertices(table[key]) for key in sorted(table)]),
    )
