"""The sample region's mapping: every trap of its source is handled and told."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gisplan.ingest.grid_reader import ReadGrid
from tests.unit.ingest.reading import issues_of, read

GRID = Path(__file__).parents[3] / "data" / "grid"


@pytest.fixture(scope="module")
def sample() -> ReadGrid:
    """The sample grid, read once."""
    return read(GRID)


def rows(sample: ReadGrid, table: str) -> list[dict[str, Any]]:
    columns = sample.tables[table].columns
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def row(sample: ReadGrid, table: str, element_id: str) -> dict[str, Any]:
    (found,) = [one for one in rows(sample, table) if one[f"{table}_id"] == element_id]
    return found


def test_both_levels_are_joined(sample: ReadGrid) -> None:
    counts = {name: len(table) for name, table in sample.tables.items()}
    # 320 - 12 aggregates + 2940 - 13 copies of joined buses; 143 - 12 + 14 transformers.
    assert counts == {
        "substation": 2, "bus": 3235, "line": 3181, "transformer": 145, "switch": 700,
        "source": 2, "load": 1641, "generator": 153, "corridor": 1053, "obstacle": 1506,
            "barrier": 1053,
    }  # fmt: skip


def test_a_low_voltage_transformer_hangs_at_the_bus_of_its_name(sample: ReadGrid) -> None:
    found = {one["name"]: one["hv_bus_id"] for one in rows(sample, "transformer")}
    assert found["T_idx_35"] == "mv/35"
    assert found["T_idx_78"] == "mv/78"
    assert found["T_idx_ZUSATZ"] == "lv/2999"


def test_what_the_town_replaces_is_left_out_and_told(sample: ReadGrid) -> None:
    told = {issue.element: issue.found for issue in issues_of(sample, "rows_left_out")}
    assert set(told) == {"layer mv_bus", "layer lv_bus", "layer mv_trafo", "layer mv_load"}
    for layer in ("mv_bus", "mv_trafo", "mv_load"):
        assert told[f"layer {layer}"].startswith("12 rows left out")
    assert told["layer lv_bus"].startswith("13 rows left out")


def test_generators_of_replaced_aggregates_feed_the_bus_above(sample: ReadGrid) -> None:
    buses = {one["bus_id"] for one in rows(sample, "bus")}
    assert {one["bus_id"] for one in rows(sample, "generator")} <= buses
    assert row(sample, "generator", "mv/12")["bus_id"] in {
        one["hv_bus_id"] for one in rows(sample, "transformer") if "T_idx" in one["name"]
    }
    power_kw = sum(one["active_power_kw"] for one in rows(sample, "generator"))
    assert power_kw == pytest.approx(22_073.873, abs=0.001)  # full output of the source


def test_loads_are_counted_once(sample: ReadGrid) -> None:
    loads = rows(sample, "load")
    assert Counter(one["customer_class"] for one in loads) == {"aggregate": 135, "household": 1506}
    houses_kw = sum(one["active_power_kw"] for one in loads if one["customer_class"] == "household")
    # 1489 x 2.1 kW + 15 x 3 kW + 2 x 30 kW
    assert houses_kw == pytest.approx(3231.9)
    assert row(sample, "load", "mv/0")["active_power_kw"] == pytest.approx(250 * 0.6)


def test_bus_kinds_follow_from_what_stands_at_a_bus(sample: ReadGrid) -> None:
    kinds = Counter(one["bus_kind"] for one in rows(sample, "bus"))
    assert kinds["customer"] == 1506
    assert kinds["cabinet"] == 15
    assert kinds["transformer_board"] == 129 + 14
    assert kinds["substation_busbar"] == 2
    assert row(sample, "bus", "mv/81")["bus_kind"] == "switching_station"
    assert row(sample, "bus", "lv/2999")["bus_kind"] == "ring_main_unit"


def test_bays_are_those_of_the_derived_layer_or_unknown(sample: ReadGrid) -> None:
    assert row(sample, "bus", "mv/80")["bays_spare"] == 2
    assert np.isnan(row(sample, "bus", "mv/0")["bays_spare"])


def test_services_are_told_from_mains(sample: ReadGrid) -> None:
    roles = Counter(one["role"] for one in rows(sample, "line"))
    assert roles == {"service": 1506, "main": 1494 + 181}


def test_open_switches_stay_open(sample: ReadGrid) -> None:
    switches = [one["switch_id"] for one in rows(sample, "switch") if not one["closed"]]
    assert Counter(name.split("/")[0] for name in switches) == {"lv": 88, "mv": 6}


def test_tap_positions_are_as_given(sample: ReadGrid) -> None:
    transformers = {one["name"]: one["tap_position"] for one in rows(sample, "transformer")}
    assert transformers["T_idx_35"] == 1
    assert transformers["HV/MV Transformer 0"] == -2
    assert issues_of(sample, "tap_position_assumed")[0].found.startswith("129 of 145")


def test_nothing_is_wrong_with_single_rows(sample: ReadGrid) -> None:
    assert {issue.rule for issue in sample.issues} == {
        "rows_left_out", "value_replaced", "mapping_remark", "tap_position_assumed",
    }  # fmt: skip


def test_the_joined_grid_has_the_published_loading(sample: ReadGrid) -> None:
    # README of the sample: joined, T_idx_35 is at 98.0 % without heat pumps.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loading_pct = solve_with_pandapower(sample)
    assert loading_pct["T_idx_35"] == pytest.approx(98.0, abs=0.1)
    assert loading_pct["HV/MV Transformer 1"] == pytest.approx(87.5, abs=0.1)


def solve_with_pandapower(sample: ReadGrid) -> dict[str, float]:
    """Loading of every transformer, from our rows through another program."""
    import pandapower as pp

    net = pp.create_empty_network()
    columns = {name: table.columns for name, table in sample.tables.items()}
    buses, lines, switches = columns["bus"], columns["line"], columns["switch"]
    bus = {bus_id: row for row, bus_id in enumerate(buses["bus_id"])}
    line = {line_id: row for row, line_id in enumerate(lines["line_id"])}

    def at(table: str, name: str = "bus_id") -> list[int]:
        return [bus[bus_id] for bus_id in columns[table][name]]

    pp.create_buses(net, len(bus), buses["nominal_voltage_v"] / 1e3)
    pp.create_lines_from_parameters(
        net,
        at("line", "from_bus_id"),
        at("line", "to_bus_id"),
        lines["length_m"] / 1e3,
        lines["resistance_ohm_per_km"],
        lines["reactance_ohm_per_km"],
        lines["capacitance_nf_per_km"],
        lines["rated_current_a"] / 1e3,
    )
    units = columns["transformer"]
    pp.create_transformers_from_parameters(
        net,
        at("transformer", "hv_bus_id"),
        at("transformer", "lv_bus_id"),
        sn_mva=units["rated_power_kva"] / 1e3,
        vn_hv_kv=units["hv_voltage_v"] / 1e3,
        vn_lv_kv=units["lv_voltage_v"] / 1e3,
        vk_percent=units["short_circuit_voltage_pct"],
        vkr_percent=units["short_circuit_resistance_pct"],
        pfe_kw=units["no_load_loss_w"] / 1e3,
        i0_percent=units["no_load_current_pct"],
        shift_degree=units["clock_number"] * 30,
        tap_side=list(units["tap_side"]),
        tap_neutral=units["tap_neutral"],
        tap_pos=units["tap_position"],
        tap_step_percent=units["tap_step_pct"],
        tap_changer_type=["Ratio"] * len(units["name"]),
    )
    elements = [line[element_id] for element_id in switches["element_id"]]
    pp.create_switches(net, at("switch"), elements, et="l", closed=switches["closed"].astype(bool))
    loads = columns["load"]
    pp.create_loads(
        net, at("load"), loads["active_power_kw"] / 1e3, loads["reactive_power_kvar"] / 1e3
    )
    for bus_row, voltage_pu in zip(at("source"), columns["source"]["voltage_pu"], strict=True):
        pp.create_ext_grid(net, bus_row, vm_pu=voltage_pu)
    pp.runpp(net, numba=False, init="dc", calculate_voltage_angles=True)
    return dict(zip(units["name"], net.res_trafo["loading_percent"], strict=True))
