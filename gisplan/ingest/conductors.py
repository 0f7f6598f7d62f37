"""Electrical values of lines whose source carries only a conductor type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from gisplan.ingest.mapping import ConductorValues
from gisplan.ingest.texts import as_text

if TYPE_CHECKING:
    from gisplan.rules.types import ConductorType

FILLED_COLUMNS = tuple(ConductorValues.model_fields)


def merge_conductors(
    catalogue: Iterable[ConductorType], own: Mapping[str, ConductorValues]
) -> dict[str, ConductorValues]:
    """Conductor types by name: the catalogue's, and over them what the mapping says."""
    known = {
        name: ConductorValues(
            resistance_ohm_per_km=conductor.resistance_ohm_per_km,
            reactance_ohm_per_km=conductor.reactance_ohm_per_km,
            capacitance_nf_per_km=conductor.capacitance_nf_per_km,
            rated_current_a=conductor.rated_current_a,
            installation=conductor.installation,
        )
        for conductor in catalogue
        for name in (conductor.name, conductor.conductor_id)
    }
    return known | dict(own)


def fill_from_conductors(
    frame: pd.DataFrame, conductors: Mapping[str, ConductorValues]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Fill what lines lack with the values of their type; also how many were filled, by column."""
    types = as_text(frame["conductor_type"])
    filled: dict[str, int] = {}
    columns = {}
    for name in FILLED_COLUMNS:
        of_type = {
            kind: value
            for kind, values in conductors.items()
            if (value := getattr(values, name)) is not None
        }
        lacking = frame[name].isna() | frame[name].eq("unknown")
        rows = (lacking & types.isin(list(of_type))).to_numpy()
        if rows.any():
            columns[name] = frame[name].astype(object).where(~rows, types.map(of_type))
            filled[name] = int(rows.sum())
    return frame.assign(**columns), filled
