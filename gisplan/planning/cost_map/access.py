"""Every access point of the level that a demand asks for, each judged once by itself.

What depends on the cable (its section, its withstand, its drop) is asked later, variant by variant;
what depends on the grid alone (screening, bays, backfeed) is asked here, on arrays, with everything
that is held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from gisplan.network.strands import place_points
from gisplan.planning.access import KINDS, LEVEL_KINDS, Meetings, joined_meetings, meetings_at
from gisplan.planning.judge import NOT_BACKED, access_name, told_reason
from gisplan.planning.variants import keeps_trunk_section

if TYPE_CHECKING:
    from gisplan.electrical.screening.screening import Screening
    from gisplan.model.grid import Codes, Flags, Floats, Grid, Integers
    from gisplan.model.option import AccessKind
    from gisplan.planning.candidates import Ground
    from gisplan.planning.judge import ElectricalJudge
    from gisplan.planning.variants import Variant

Column = npt.NDArray[Any]

NO_BAY = "no spare bay is left"
WRONG_CABLE = "no cable of the standard set suits it (section of the ring, short circuit)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostMapAccess:
    """Access points where corridors meet them: a row for each place of a main, one for each bus.

    ``edge`` is -1 where a corridor node meets the element. At a station its bays count and not its
    lines, so a main is first joined a few metres along the corridor edge that leaves it: such a row
    has that edge, and its ``met.node`` is the edge's end at the station; that of a bus which stands
    on no corridor is -1.
    A sweep starts at ``start_node`` (starts,) on its way from the access point ``start_access``:
    there is none between, or that of the row ``start_end`` of ``AccessEnds`` (-1: none).
    ``fits`` is the verdict of screening in every load case asked; ``uncertain`` marks what it
    leaves to an AC power flow (within a guard band, or on a loop), which fits until then.
    ``reasons`` are flags of the screening's ``REASONS``; kind, row and loading name the element
    with the highest loading, row -1 where none is loaded or nothing was solved. ``suits`` is where
    the grid allows the demand and some cable of the standard set may end.
    """

    met: Meetings
    edge: Integers
    start_access: Integers
    start_end: Integers
    start_node: Integers
    has_bay: Flags
    is_backed: Flags
    fits: Flags
    uncertain: Flags
    reasons: Codes
    limiting_kind: Integers
    limiting_row: Integers
    loading_ratio: Floats
    suits: Flags

    def __len__(self) -> int:
        return len(self.met)

    def told(self, grid: Grid, row: int) -> str:
        """Return why a row is refused, in words; empty where it is not."""
        if not self.has_bay[row]:
            return NO_BAY
        if not self.is_backed[row]:
            return NOT_BACKED
        if self.fits[row]:
            return "" if self.suits[row] else WRONG_CABLE
        kind, element = int(self.limiting_kind[row]), int(self.limiting_row[row])
        return told_reason(
            grid, int(self.reasons[row]), kind, element, float(self.loading_ratio[row])
        )

    def element(self, grid: Grid, row: int) -> tuple[str, str, str]:
        """Return kind (line or bus), id and name of the element of a row."""
        line, bus = int(self.met.line[row]), int(self.met.bus[row])
        name = access_name(grid, line, bus)
        if line >= 0:
            return "line", str(grid.lines.line_id[line]), name
        return "bus", str(grid.buses.bus_id[bus]), name


def judge_access(ground: Ground, judge: ElectricalJudge, level: str) -> CostMapAccess:
    """Judge every access point of a voltage level for the demand that the judge stands for."""
    nodes = np.arange(len(ground.corridors.node_x_m))
    kinds = LEVEL_KINDS[level]
    at_nodes = meetings_at(ground.corridors, ground.access, kinds, nodes, np.zeros_like(nodes))
    main, joined = _beside_nodes(ground, kinds)
    ends, rows = ground.targets.ends, ground.targets.ends.rows
    new, row_of_bus = _buses_off_nodes(at_nodes, rows.bus[joined], len(at_nodes) + len(main))
    first = np.concatenate([main, joined[new]])
    node = np.concatenate([rows.node[main], np.full(len(new), -1)])
    met = joined_meetings([at_nodes, ends.meetings(first, node, np.zeros_like(first))])
    screenings = [judge.screened(met, demand) for demand in judge.demands]
    deciding = _deciding(screenings)
    fits = np.all([one.feasible | one.uncertain for one in screenings], axis=0)
    has_bay, is_backed = judge.has_bay(met), judge.is_backed(met)
    return CostMapAccess(
        met=met,
        edge=np.concatenate([np.full(len(at_nodes), -1), rows.edge[main], np.full(len(new), -1)]),
        start_access=np.concatenate(
            [np.arange(len(at_nodes) + len(main)), row_of_bus[rows.bus[joined]]]
        ),
        start_end=np.concatenate([np.full(len(at_nodes), -1), main, joined]),
        start_node=np.concatenate([at_nodes.node, rows.node[main], rows.node[joined]]),
        has_bay=has_bay,
        is_backed=is_backed,
        fits=fits,
        suits=fits & has_bay & is_backed,
        uncertain=np.any([one.uncertain for one in screenings], axis=0),
        reasons=_of_deciding([one.reasons for one in screenings], deciding),
        limiting_kind=_of_deciding([one.limiting_kind for one in screenings], deciding),
        limiting_row=_of_deciding([one.limiting_row for one in screenings], deciding),
        loading_ratio=_of_deciding([one.loading_max_ratio for one in screenings], deciding),
    )


def allowed_rows(judge: ElectricalJudge, access: CostMapAccess, variant: Variant) -> Flags:
    """Return where a cable may end: the grid allows it, and the cable suits the place."""
    region, met = judge.state.region, access.met
    lines = region.snapshot.grid.lines
    allowed: Flags = access.suits & leads_to(variant, met)
    allowed &= keeps_trunk_section(region.catalogue, lines, variant, met.line)
    return allowed & judge.withstands(met, variant)


def leads_to(variant: Variant, met: Meetings) -> Flags:
    """Return whether access points are of a kind that a cable leads to."""
    leads: Flags = np.isin(met.kind, [KINDS.index(kind) for kind in variant.kinds])
    return leads


def _beside_nodes(ground: Ground, kinds: tuple[AccessKind, ...]) -> tuple[Integers, Integers]:
    """Return the rows of ``AccessEnds`` that lead to mains beside stations, and to buses."""
    ends = ground.targets.ends.rows
    wanted = np.isin(ends.kind, [KINDS.index(kind) for kind in kinds])
    return np.flatnonzero(wanted & (ends.join < 0)), np.flatnonzero(wanted & (ends.join >= 0))


def _buses_off_nodes(
    at_nodes: Meetings, joined: Integers, first_row: int
) -> tuple[Integers, Integers]:
    """Return the first place of each joined bus that no node meets, and the row of every bus."""
    row = np.full(int(max(at_nodes.bus.max(initial=0), joined.max(initial=0))) + 1, -1)
    known = np.flatnonzero(at_nodes.bus >= 0)
    row[at_nodes.bus[known]] = known
    bus, first = np.unique(joined, return_index=True)
    is_new = row[bus] < 0
    row[bus[is_new]] = first_row + np.arange(int(is_new.sum()))
    return first[is_new], row


def offsets_m(ground: Ground, line: Integers, node: Integers) -> Floats:
    """Return how far along the drawings of lines nodes lie."""
    corridors = ground.corridors
    xy_m = np.column_stack([corridors.node_x_m[node], corridors.node_y_m[node]])
    offset: Floats = shapely.line_locate_point(ground.line_shapes[line], place_points(xy_m))
    return offset


def _deciding(screenings: list[Screening]) -> Integers:
    """Return which load case tells of each row: one that does not fit, else the higher loading."""
    refused = np.array([~(one.feasible | one.uncertain) for one in screenings])
    loading = np.array([one.loading_max_ratio for one in screenings])
    known = np.where(np.isfinite(loading), loading, -1.0)
    deciding: Integers = np.argmax(np.where(refused, np.inf, known), axis=0)
    return deciding


def _of_deciding(values: list[Column], deciding: Integers) -> Column:
    column: Column = np.stack(values)[deciding, np.arange(len(deciding))]
    return column
