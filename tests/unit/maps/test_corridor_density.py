"""The map along corridors: one file, two languages, grey where nothing is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from gisplan.export.classed_shapes import LITTLE_COLOUR
from gisplan.export.density_classes import NO_DATA_COLOUR
from gisplan.export.electrical_table import ElectricalAnswer
from maps.corridor_density import render_corridor_density
from maps.offline import find_loaded_addresses
from tests.unit.export.test_shape_picture import corridors


def named(values: list[float], notes: tuple[str, ...] = ()) -> ElectricalAnswer:
    answer = corridors(values)
    (table,) = answer.tables
    columns = {**table.columns, "corridor": np.array(["<street>"] * len(values), np.str_)}
    facts = {**answer.facts, "layer": "load", "weight": "count"}
    return replace(answer, facts=facts, notes=notes, tables=(replace(table, columns=columns),))


def test_map_is_one_file_in_two_languages():
    note = "5 loads lie more than 150 m from every corridor and are left out"
    html = render_corridor_density(
        named([0.0, 56.0], (note,)), source="<made up>", on=date(2026, 3, 1)
    )
    assert find_loaded_addresses(html) == ()
    for text in ("Density along the corridors", "沿电缆通道的密度", "Existing load: number"):
        assert text in html
    for text in (note, "5 项负荷距所有通道超过 150 m，未计入", "2026-03-01", "&lt;made up&gt;"):
        assert text in html
    assert "<street>" not in html
    assert LITTLE_COLOUR in html


@pytest.mark.parametrize("values", [[], [np.nan]])
def test_nothing_is_grey_or_empty_and_still_a_map(values):
    html = render_corridor_density(named(values))
    assert (NO_DATA_COLOUR in html) == bool(values)
    assert ("map_1.fitBounds(" in html) == bool(values)
    assert "NaN" not in html.split('id="panel"')[1]
