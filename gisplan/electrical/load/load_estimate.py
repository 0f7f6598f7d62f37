"""What each existing load draws at the peak of its transformer, before anything was measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from gisplan.electrical.demand import MEDIUM_VOLTAGE_V, LoadCase
from gisplan.errors import InputError
from gisplan.model.grid import Codes, CustomerClass, Flags, Floats, Grid, Integers
from gisplan.network.snapshot import Topology
from gisplan.rules.catalogue import Catalogue

CLASSES = tuple(customer_class.name.lower() for customer_class in CustomerClass)


class LoadBasis(IntEnum):
    """What the estimate of a load rests on, best first; the last two are assumptions."""

    RECORDED = 0
    ENERGY = 1
    CONTRACT = 2
    TYPICAL = 3
    UNKNOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadEstimates:
    """Estimated power of each load, one row a load; ``basis`` is a code of ``LoadBasis``."""

    p_kw: Floats
    q_kvar: Floats
    basis: Codes


def estimate_loads(
    grid: Grid, topology: Topology, catalogue: Catalogue | None = None
) -> LoadEstimates:
    """Estimate each load from the best that is known of it.

    In this order: its recorded power; yearly energy over the full-use hours of its class; contract
    capacity times the coincidence of its class; the typical contract of its class, likewise (an
    assumption). A class without a typical contract is left at zero as ``UNKNOWN``. Reactive power
    that is not recorded follows from the power factor of the class.

    Raises
    ------
    InputError
        If something must be derived and no catalogue is given.
    """
    loads = grid.loads
    recorded = np.isfinite(loads.active_power_kw)
    derived = ~(recorded & np.isfinite(loads.reactive_power_kvar))
    if not derived.any():
        return LoadEstimates(
            p_kw=loads.active_power_kw,
            q_kvar=loads.reactive_power_kvar,
            basis=np.zeros(len(recorded), np.uint8),
        )
    if catalogue is None:
        raise InputError(
            f"load {loads.load_id[np.argmax(derived)]} has no recorded active or reactive power; "
            "give the catalogue that it is to be derived with"
        )
    power_factor = _by_class(grid, [catalogue.power_factor(name) for name in CLASSES])
    basis, contract_kva = _basis(grid, catalogue, recorded)
    hours = _by_class(grid, [catalogue.customer(name).full_use_hours for name in CLASSES])
    from_contract = contract_kva * _coincidence(grid, topology, catalogue) * power_factor
    p_kw = np.select(
        [basis == LoadBasis.RECORDED, basis == LoadBasis.ENERGY, basis < LoadBasis.UNKNOWN],
        [loads.active_power_kw, loads.annual_energy_kwh / hours, from_contract],
        0.0,
    )
    q_kvar = np.where(derived, p_kw * np.tan(np.arccos(power_factor)), loads.reactive_power_kvar)
    return LoadEstimates(p_kw=p_kw, q_kvar=q_kvar, basis=basis)


def _by_class(grid: Grid, values: list[float]) -> Floats:
    """Give each load the value of its class."""
    of_load: Floats = np.array(values, dtype=np.float64)[grid.loads.customer_class]
    return of_load


def _basis(grid: Grid, catalogue: Catalogue, recorded: Flags) -> tuple[Codes, Floats]:
    """Find what each load rests on, and its contract in kVA, the typical one where none is known.

    A row of no customer (a street light) counts as one.
    """
    loads = grid.loads
    typical = [catalogue.customer(name).contract_capacity_kva for name in CLASSES]
    each = _by_class(grid, [np.nan if one is None else one for one in typical])
    contract = loads.contract_capacity_kva
    basis = np.select(
        [recorded, np.isfinite(loads.annual_energy_kwh), np.isfinite(contract), np.isfinite(each)],
        [LoadBasis.RECORDED, LoadBasis.ENERGY, LoadBasis.CONTRACT, LoadBasis.TYPICAL],
        LoadBasis.UNKNOWN,
    ).astype(np.uint8)
    assumed = each * np.maximum(loads.customer_count, 1)
    return basis, np.where(basis == LoadBasis.CONTRACT, contract, assumed)


def _coincidence(grid: Grid, topology: Topology, catalogue: Catalogue) -> Floats:
    """Return the share of each load's contract that counts at the peak of its transformer.

    The number is that of all customers of the class below the same transformer; at medium voltage,
    where no transformer is recorded between, that of the class on the same feeder.
    """
    loads = grid.loads
    is_low = grid.buses.nominal_voltage_v[loads.bus] < MEDIUM_VOLTAGE_V
    count = customers_beside(grid, topology, is_low)
    _, first, place = np.unique(
        (2 * count + is_low) * len(CLASSES) + loads.customer_class,
        return_index=True,
        return_inverse=True,
    )
    share = [
        catalogue.coincidence(
            CLASSES[loads.customer_class[row]],
            "transformer" if is_low[row] else "feeder",
            LoadCase.LOAD,
            count=int(count[row]),
        )
        for row in first
    ]
    of_load: Floats = np.array(share)[place]
    return of_load


def customers_beside(grid: Grid, topology: Topology, is_low: Flags) -> Integers:
    """Count the customers of each load's class that share its transformer or feeder, at least 1."""
    loads = grid.loads
    above = np.where(is_low, topology.transformer[loads.bus], topology.feeder[loads.bus])
    feeders_from = len(grid.transformers.transformer_id)
    alone_from = feeders_from + len(topology.feeder_head)
    place = np.where(is_low, above, feeders_from + above)
    place = np.where(above < 0, alone_from + np.arange(len(above)), place)
    _, group = np.unique(place * len(CLASSES) + loads.customer_class, return_inverse=True)
    customers = np.maximum(loads.customer_count, 1)
    total: Integers = np.bincount(group, customers).astype(np.int64)[group]
    return total
