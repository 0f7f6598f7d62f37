"""What is asked and answered when several applications may share trenches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gisplan.model.grid import Codes, Floats, Integers


class Outcome(IntEnum):
    """What becomes of an application in a joint plan."""

    CONNECTED = 0
    LEFT_OUT = 1
    """Its own separate connection is cheaper than its part in a joint one."""
    NO_WAY = 2
    """No open edges lead from it to any access point."""
    NO_ROOM = 3
    """What it can reach admits it not or is full: access points (power or ways), or trenches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrenchApplications:
    """Applications that are planned together; arrays have one entry for each.

    Parameters
    ----------
    node : int, where its cable starts
    demand_kva : float, 0 or more
    cable_cents_per_m : int, of all its cables together
    cables : int, how many ways they take in a trench, 0 or more
    own_cents : float
        What its best separate connection costs, found elsewhere: it is left out of the joint plan
        at this price where that is cheaper. Infinity where it must be in the plan.
    """

    node: Integers
    demand_kva: Floats
    cable_cents_per_m: Integers
    cables: Integers
    own_cents: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class TrenchAccess:
    """Access points that may be used; arrays have one entry for each.

    Parameters
    ----------
    node : int
    equipment_cents : int, paid once if any application hangs on it
    connection_cents : int, paid by each application that hangs on it
    room_kva : float, sum of demands that it can take; infinity for no limit
    ways : float, number of applications that it can take; infinity for no limit
    """

    node: Integers
    equipment_cents: Integers
    connection_cents: Integers
    room_kva: Floats
    ways: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedTrenches:
    """A joint plan: who goes where, what it costs, how good it is and whom it saves how much.

    Applications and access points are rows of what was given.

    Parameters
    ----------
    outcome : uint8 (applications,), an ``Outcome``
    access : int64 (applications,), access point that each hangs on, -1 for none
    way : one int64 array for each application, edges from its node to the access point
    edges : int64 (edges in use,), rising
    edge_user_offset : int64 (edges in use + 1,)
    edge_user : int64
        Applications that share edge ``edges[i]`` stand at ``edge_user_offset[i]`` to
        ``edge_user_offset[i + 1]``, rising.
    civil_cents, cable_cents, access_cents, own_cents : int
        Parts of the cost: trenches once each, cables, access points, those left out.
    lower_bound_cents : int
        No plan that connects or leaves out the same applications costs less.
    share_cents : int64 (applications,)
        Each one's part of the cost: the civil works of an edge and the equipment of an access point
        are split equally among those that use it, everything else is its own. The parts sum up to
        the cost; single cents that are left go to the first rows.
    separate_cents : int64 (applications,)
        What each pays if they are planned one by one in the order of their rows: each digs a trench
        of its own, uses the equipment and the room that those before it left, or is left out where
        that is cheaper; -1 where it then finds no connection.
    joining_cents : int64 (applications,)
        What each that has no way would add to the plan if it had to join it; -1 for all others, and
        where it cannot.
    """

    outcome: Codes
    access: Integers
    way: tuple[Integers, ...]
    edges: Integers
    edge_user_offset: Integers
    edge_user: Integers
    civil_cents: int
    cable_cents: int
    access_cents: int
    own_cents: int
    lower_bound_cents: int
    share_cents: Integers
    separate_cents: Integers
    joining_cents: Integers

    @property
    def cost_cents(self) -> int:
        """Cost of the plan, those left out included."""
        return self.civil_cents + self.cable_cents + self.access_cents + self.own_cents

    @property
    def gap_ratio(self) -> float:
        """How much of the cost may be too much at most, 0 to 1."""
        cost = self.cost_cents
        return (cost - self.lower_bound_cents) / cost if cost else 0.0

    @property
    def saving_cents(self) -> int:
        """What joint planning saves those that could also be connected one by one."""
        both = (self.separate_cents >= 0) & (self.outcome <= Outcome.LEFT_OUT)
        return int((self.separate_cents - self.share_cents)[both].sum())

    def users_of(self, row: int) -> Integers:
        """Return the applications that share edge ``edges[row]``."""
        return self.edge_user[self.edge_user_offset[row] : self.edge_user_offset[row + 1]]
