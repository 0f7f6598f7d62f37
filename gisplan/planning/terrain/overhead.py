"""Overhead lines over open ground: what they may cross, where poles stand, what that costs.

The search looks for the shortest way that keeps clear of buildings; the poles along it are chosen
exactly, and every span is a segment. The price of the ground does not matter to a line that hangs
over it, only what is forbidden.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from gisplan.electrical.sizing.sizing import design_current_a
from gisplan.model.grid import Surface
from gisplan.model.option import AccessKind, Finding, Severity
from gisplan.network.strands import forbidden_areas, forbidden_rows
from gisplan.planning.access import LEVEL_KINDS
from gisplan.planning.civil import OVERHEAD_SPAN, WORKS
from gisplan.planning.demand import sizing_kva
from gisplan.planning.region import HOUSE
from gisplan.planning.route import OFF_CORRIDOR, Stretch, no_parts
from gisplan.planning.terrain.ground import CENTS
from gisplan.planning.terrain.stretches import crossed_by
from gisplan.planning.variants import variant_of
from gisplan.routing.terrain.overhead import (
    OverheadBlocked,
    OverheadLimits,
    OverheadLine,
    OverheadPrices,
    PoleKind,
    place_poles,
)
from gisplan.routing.terrain.rasterise import Features

if TYPE_CHECKING:
    from gisplan.model.grid import Floats
    from gisplan.planning.region import Region
    from gisplan.planning.site import Site
    from gisplan.planning.terrain.ground import PricedField
    from gisplan.planning.variants import Variant
    from gisplan.routing.site import Geometries
    from gisplan.routing.terrain.raster import CostRaster, Window
    from gisplan.routing.terrain.sources import Box, RasterSource
    from gisplan.rules.catalogue import Catalogue

POLE_NAMES = {
    PoleKind.LINE: "line_pole",
    PoleKind.ANGLE: "angle_pole",
    PoleKind.TERMINAL: "terminal_pole",
}
SPAN_MAX = {"lv": "overhead.span_max_m.lv", "mv": "overhead.span_max_m.mv"}
CLEARANCE = {"lv": "overhead.building_clearance_m.lv", "mv": "overhead.building_clearance_m.mv"}
NO_FIGURE_M = 1e4


@dataclass(frozen=True, slots=True, kw_only=True)
class Even:
    """Ground on which every metre that is not forbidden costs the same."""

    base: RasterSource
    cheapest_cents_per_m: float

    @property
    def cell_m(self) -> float:
        """Side of a cell."""
        return self.base.cell_m

    @property
    def whole(self) -> Window:
        """All cells."""
        return self.base.whole

    def cut(self, window: Window) -> CostRaster:
        """Return the costs of a part."""
        given = self.base.cut(window)
        cents = round(self.cheapest_cents_per_m)
        even = np.where(given.cost_cents_per_m >= 0, cents, given.cost_cents_per_m)
        return replace(given, cost_cents_per_m=even.astype(np.int32))

    def window_around(self, box_m: Box) -> Window:
        """Return the cells of a box, as far as there are any."""
        return self.base.window_around(box_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """What overhead lines of one voltage level keep and cost; ``buildings`` are all but its own."""

    limits: OverheadLimits
    voltage_level: str
    buildings: Geometries

    def prices(self, catalogue: Catalogue, variant: Variant) -> OverheadPrices:
        """Return the prices of poles and wire."""
        line, angle, terminal = (
            round(catalogue.accessory(kind, self.voltage_level).cost * CENTS)
            for kind in POLE_NAMES.values()
        )
        return OverheadPrices(
            line_pole_cents=line,
            angle_pole_cents=angle,
            terminal_pole_cents=terminal,
            turn_cents_per_degree=0.0,
            wire_cents_per_m=variant.cable_per_m * CENTS,
        )


def build_overhead(site: Site, own: Geometries) -> Overhead:
    """Return what the catalogue says of overhead lines; ``own`` are houses that a line leaves."""
    region, level = site.region, site.mode.voltage_level
    catalogue = region.catalogue
    return Overhead(
        limits=OverheadLimits(
            span_min_m=catalogue.value("overhead.span_min_m"),
            span_max_m=catalogue.value(SPAN_MAX[level]),
            clearance_m=catalogue.value(CLEARANCE[level]),
            straight_max_deg=catalogue.value("overhead.straight_max_deg"),
        ),
        voltage_level=level,
        buildings=_others(region, own),
    )


def _others(region: Region, own: Geometries) -> Geometries:
    """Return the buildings of a grid but for some."""
    kind = region.snapshot.grid.obstacles.kind[forbidden_rows(region.snapshot.grid)]
    houses: Geometries = forbidden_areas(region.snapshot.grid)[kind == HOUSE]
    if not len(own):
        return houses
    same = np.array([any(house.equals(one) for one in own) for house in houses], dtype=bool)
    others: Geometries = houses[~same]
    return others


def overhead_field(field: PricedField, overhead: Overhead, cents_per_m: float) -> PricedField:
    """Return ground where a line may hang: even, and shut within the clearance of buildings."""
    near = shapely.buffer(overhead.buildings, overhead.limits.clearance_m)
    shut = np.concatenate([field.shut.obstacles.shape, near])
    mask = replace(field.shut, obstacles=Features(shape=shut, value=np.full(len(shut), np.inf)))
    even = Even(base=field.base, cheapest_cents_per_m=cents_per_m)
    return replace(field, base=even, shut=mask, opened_cents=cents_per_m, cable_cents_per_m=0.0)


def least_cents_per_m(overhead: Overhead, catalogue: Catalogue, variant: Variant) -> float:
    """Return wire and the fewest poles, a metre."""
    prices = overhead.prices(catalogue, variant)
    return prices.wire_cents_per_m + prices.line_pole_cents / overhead.limits.span_max_m


def overhead_variants(site: Site) -> tuple[Variant, ...]:
    """Return the overhead conductors that carry the demand, cheapest first; a ring stays cable."""
    catalogue, level = site.region.catalogue, site.mode.voltage_level
    current_a = design_current_a(
        catalogue,
        voltage_level=level,
        nominal_voltage_v=site.judge.nominal_voltage_v,
        demand_kva=sizing_kva(site.application),
        phase_count=site.mode.phase_count,
    )
    needed_a = current_a / catalogue.value("loading.line_max")
    kinds = tuple(kind for kind in LEVEL_KINDS[level] if kind is not AccessKind.LOOP_IN)
    variants = (
        variant_of(catalogue, kinds, "overhead", conductor, 1)
        for conductor in catalogue.conductors(level, "overhead")
        if conductor.rated_current_a >= needed_a
    )
    # wire is strung from pole to pole: no joints
    strung = (replace(one, drum_length_m=math.inf) for one in variants)
    return tuple(sorted(strung, key=lambda one: (one.cable_per_m, one.conductor.conductor_id)))


def overhead_stretches(
    overhead: Overhead, catalogue: Catalogue, variant: Variant, xy_m: Floats
) -> list[Stretch] | str:
    """Return a course, (vertices, 2), as spans, or why no line can follow it.

    A span is charged with the pole at its beginning, the last one with both.
    """
    prices = overhead.prices(catalogue, variant)
    line = place_poles(xy_m, overhead.buildings, limits=overhead.limits, prices=prices)
    if isinstance(line, OverheadBlocked):
        return f"no overhead line can follow the way found: {line.reason}"
    return [_span(catalogue, overhead, variant, line, row) for row in range(len(line.span_m))]


def _span(
    catalogue: Catalogue, overhead: Overhead, variant: Variant, line: OverheadLine, row: int
) -> Stretch:
    ends = [row, row + 1] if row + 1 == len(line.span_m) else [row]
    poles = tuple(POLE_NAMES[PoleKind(int(line.pole_kind[end]))] for end in ends)
    cents = sum(
        round(catalogue.accessory(kind, overhead.voltage_level).cost * CENTS) for kind in poles
    )
    length_m = float(line.span_m[row])
    return Stretch(
        corridor=OFF_CORRIDOR,
        surface=Surface.OPEN_GROUND.name.lower(),
        laying=WORKS[OVERHEAD_SPAN],
        length_m=length_m,
        civil_per_m=cents / CENTS / length_m,
        civil_cents=cents,
        cable_cents=round(length_m * variant.cable_per_m * CENTS),
        crossing_cents=0,
        edge=-1,
        parts=no_parts(),
        xy_m=line.pole_xy_m[row : row + 2],
        poles=poles,
    )


def overhead_findings(
    region: Region, overhead: Overhead, stretches: tuple[Stretch, ...]
) -> tuple[Finding, ...]:
    """Return what spans and clearances measure, and what is crossed overhead."""
    catalogue, level = region.catalogue, overhead.voltage_level
    poles = Counter(kind for stretch in stretches for kind in stretch.poles)
    told = ", ".join(f"{poles[kind]} {kind.replace('_', ' ')}s" for kind in POLE_NAMES.values())
    spans_m = [stretch.length_m for stretch in stretches]
    lines = shapely.multilinestrings([shapely.LineString(one.xy_m) for one in stretches])
    clear_m = float(shapely.distance(overhead.buildings, lines).min(initial=NO_FIGURE_M))
    found = [
        catalogue.rule(SPAN_MAX[level]).measure(round(max(spans_m), 1), element=told),
        catalogue.rule("overhead.span_min_m").measure(round(min(spans_m), 1), element=told),
    ]
    if clear_m < NO_FIGURE_M:
        # as near as the clearance itself, up to rounding
        rule = catalogue.rule(CLEARANCE[level])
        found.append(rule.measure(round(clear_m + 5e-3, 2), element="the line"))
    xy_m = np.vstack([stretch.xy_m for stretch in stretches])
    return (*found, *_crossed(region, xy_m))


def _crossed(region: Region, xy_m: Floats) -> tuple[Finding, ...]:
    """Ask for the heights over what the line crosses."""
    crossed, _ = crossed_by(region, xy_m)
    names = [str(region.snapshot.grid.barriers.barrier_id[row]) for row in crossed.barrier.tolist()]
    if not names:
        return ()
    distinct = ", ".join(dict.fromkeys(names))
    return (
        Finding(
            rule="overhead.crossing",
            severity=Severity.SURVEY,
            element=distinct,
            text=f"The line crosses {distinct} overhead: height over it and its owner's consent "
            "must be settled",
        ),
    )
