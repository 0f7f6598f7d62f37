"""pandapower JSON without a mapping; pandapower itself is the oracle."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from gisplan.errors import MappingError, SourceError
from gisplan.ingest.pandapower_json import is_pandapower_json
from tests.unit.ingest.reading import issues_of, read, rules_of


def write_network(
    folder: Path, *, with_three_windings: bool = False, with_short_circuit: bool = False
) -> Path:
    """Write two buses of 20 kV, one of 0.4 kV, with pandapower itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandapower as pp

        net = pp.create_empty_network()
        one = pp.create_bus(net, 20, geodata=(7.90, 48.40), type="b")
        two = pp.create_bus(net, 20, geodata=(7.91, 48.40), type="n")
        low = pp.create_bus(net, 0.4, geodata=(7.91, 48.40), type="n")
        pp.create_ext_grid(net, one, vm_pu=1.02)
        line = pp.create_line(net, one, two, 0.74, "NA2XS2Y 1x185 RM/25 12/20 kV")
        pp.create_transformer(net, two, low, "0.4 MVA 20/0.4 kV")
        net.trafo["tap_pos"] = np.nan
        pp.create_load(net, low, 0.1, 0.02, scaling=0.6)
        pp.create_load(net, low, 0.1, in_service=False)
        pp.create_sgen(net, low, 0.03, scaling=0.5)
        pp.create_switch(net, two, line, et="l", closed=False)
        if with_three_windings:
            other = pp.create_bus(net, 10, geodata=(7.91, 48.40))
            pp.create_storage(net, other, 0.1, 1.0)
        if with_short_circuit:
            net.line["r0_ohm_per_km"], net.line["x0_ohm_per_km"] = 0.64, 0.47
            net.line["c0_nf_per_km"] = 273.0
            net.ext_grid["s_sc_max_mva"], net.ext_grid["s_sc_min_mva"] = 500.0, 350.0
            net.ext_grid["rx_max"] = 0.2
        pp.to_json(net, str(folder / "net.json"))
    return folder / "net.json"


def test_a_network_of_pandapower_is_read_without_mapping(tmp_path: Path) -> None:
    grid = read(write_network(tmp_path))
    columns = {name: table.columns for name, table in grid.tables.items()}
    assert grid.working_srid == 25832
    assert columns["bus"]["bus_id"].tolist() == ["bus/0", "bus/1", "bus/2"]
    assert columns["bus"]["bus_kind"].tolist() == ["busbar_section", "joint", "joint"]
    assert columns["line"]["length_m"].tolist() == [740]
    assert columns["line"]["rated_current_a"].tolist() == [362]
    assert columns["line"]["installation"].tolist() == ["cable"]
    assert columns["transformer"]["clock_number"].tolist() == [5]
    assert columns["transformer"]["rated_power_kva"].tolist() == [400]
    assert columns["source"]["voltage_pu"].tolist() == [1.02]
    assert columns["load"]["active_power_kw"].tolist() == [60]
    assert columns["generator"]["active_power_kw"].tolist() == [30]
    assert columns["switch"]["element_id"].tolist() == ["line/0"]
    assert columns["switch"]["closed"].tolist() == [0.0]
    assert rules_of(grid) == ["rows_left_out", "tap_position_assumed"]


def test_values_for_short_circuits_are_read_where_there_are_any(tmp_path: Path) -> None:
    tables = read(write_network(tmp_path, with_short_circuit=True)).tables
    lines, sources = tables["line"].columns, tables["source"].columns
    assert lines["zero_resistance_ohm_per_km"].tolist() == [0.64]
    assert lines["zero_reactance_ohm_per_km"].tolist() == [0.47]
    assert lines["zero_capacitance_nf_per_km"].tolist() == [273]
    assert sources["short_circuit_power_mva"].tolist() == [500]
    assert sources["short_circuit_power_min_mva"].tolist() == [350]
    assert sources["rx_ratio"].tolist() == [0.2]


def test_values_for_short_circuits_are_unknown_where_there_are_none(tmp_path: Path) -> None:
    tables = read(write_network(tmp_path)).tables
    assert np.isnan(tables["line"].columns["zero_resistance_ohm_per_km"]).all()
    assert np.isnan(tables["source"].columns["short_circuit_power_mva"]).all()


def test_lines_without_geometry_run_between_their_buses(tmp_path: Path) -> None:
    geometry = read(write_network(tmp_path)).tables["line"].geometry
    assert geometry is not None
    assert geometry[0].length == pytest.approx(741, abs=3)  # 0.01 degrees at 48.4 degrees north


def test_elements_without_a_table_are_told(tmp_path: Path) -> None:
    grid = read(write_network(tmp_path, with_three_windings=True))
    (issue,) = issues_of(grid, "element_not_supported")
    assert (issue.element, issue.found) == ("table storage", "1 elements, which were left out")


def test_what_only_looks_like_pandapower_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text('{"_class": "pandapowerNet", "_object": {"bus": 3}}')
    assert is_pandapower_json(path)
    with pytest.raises(SourceError, match="no pandapower JSON"):
        read(path)
    path.write_text(json.dumps({"_class": "pandapowerNet", "_object": {}}))
    with pytest.raises(SourceError, match="no column geo"):
        read(path)


def test_a_json_of_something_else_needs_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{}")
    with pytest.raises(MappingError, match="needs a column mapping"):
        read(path)


def test_pandapower_tables_take_no_filter(tmp_path: Path) -> None:
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        '[[bus]]\nlayer = "bus"\nwhere = "vn_kv > 1"\nbus_id = "idx"\nnominal_voltage_v = 1\n'
    )
    with pytest.raises(MappingError, match="use skip instead of where"):
        read(write_network(tmp_path), mapping)
