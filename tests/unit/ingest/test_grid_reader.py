"""The whole way of a source, on the small grid in several formats."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gisplan.errors import MappingError, SourceError
from tests.small_source import (
    CABLES,
    HEAT_PUMPS,
    HOUSES,
    LAYERS,
    MAPPING,
    METERS,
    NODES,
    STATIONS,
    X,
    Y,
    change,
    path,
    place,
    replaced,
    write_mapping,
    write_source,
)
from tests.unit.ingest.reading import issues_of, read, read_small, rules_of


def test_small_grid_is_read_without_issue(tmp_path: Path) -> None:
    grid = read_small(tmp_path)
    assert grid.issues == ()
    assert grid.working_srid == 25832
    assert grid.radial_below_v == 1000
    assert {name: len(table) for name, table in grid.tables.items() if len(table)} == {
        "bus": 4, "line": 2, "transformer": 1, "switch": 1, "source": 1, "load": 1,
    }  # fmt: skip


def test_units_and_value_tables_are_applied(tmp_path: Path) -> None:
    tables = read_small(tmp_path).tables
    assert tables["bus"].columns["nominal_voltage_v"].tolist() == [20000, 20000, 400, 400]
    assert tables["bus"].columns["bus_kind"].tolist()[0] == "substation_busbar"
    assert tables["line"].columns["length_m"].tolist() == [100, 50]
    assert tables["switch"].columns["closed"].tolist() == [1.0]


def test_columns_that_are_not_mapped_take_their_default_or_stay_unknown(tmp_path: Path) -> None:
    lines = read_small(tmp_path).tables["line"].columns
    assert lines["parallel_count"].tolist() == [1, 1]
    assert lines["in_service"].tolist() == [1.0, 1.0]
    assert np.isnan(lines["capacitance_nf_per_km"]).all()
    assert lines["name"].tolist() == [None, None]


def test_a_filter_of_the_source_keeps_its_rows_only(tmp_path: Path) -> None:
    assert read_small(tmp_path).tables["source"].columns["bus_id"].tolist() == ["1"]


@pytest.mark.parametrize("driver", ["OpenFileGDB", "ESRI Shapefile", "GeoJSON"])
def test_the_same_grid_comes_from_every_format(tmp_path: Path, driver: str) -> None:
    base = read_small(tmp_path)
    folder = tmp_path / {"OpenFileGDB": "netz.gdb", "ESRI Shapefile": "netz"}.get(driver, "json")
    if driver == "OpenFileGDB":
        for layer, rows in LAYERS.items():
            frame = gpd.GeoDataFrame(pd.DataFrame(rows), crs=25832)
            whole = frame.select_dtypes("int64").columns  # this format has 32 bits for them
            frame[whole] = frame[whole].astype("int32")
            frame.to_file(folder, layer=layer, driver=driver)
        grid = read(folder, write_mapping(tmp_path))
    elif driver == "ESRI Shapefile":
        folder.mkdir()
        for layer, rows in LAYERS.items():
            frame = gpd.GeoDataFrame(pd.DataFrame(rows), crs=25832)
            frame.to_file(folder / f"{layer}.shp", driver=driver)
        grid = read(folder, write_mapping(tmp_path))
    else:
        names = []
        for layer, rows in LAYERS.items():
            frame = gpd.GeoDataFrame(pd.DataFrame(rows), crs=25832).to_crs(4326)
            frame.to_file(tmp_path / f"{layer}.geojson", driver=driver, COORDINATE_PRECISION=12)
            names.append(f'{layer} = "{layer}.geojson"')
        text = "\n".join([MAPPING, "[sources]", *names, 'main = "knoten.geojson"'])
        for layer in LAYERS:
            text = text.replace(f'layer = "{layer}"', f'source = "{layer}"')
        grid = read(write_mapping(tmp_path, text))
    assert grid.issues == ()
    assert grid.working_srid == 25832
    for name, table in base.tables.items():
        other = grid.tables[name]
        assert {k: v.tolist() for k, v in other.columns.items() if k.endswith("_id")} == {
            k: v.tolist() for k, v in table.columns.items() if k.endswith("_id")
        }
        if table.geometry is not None:
            assert shapely.equals_exact(other.geometry, table.geometry, tolerance=1e-3).all()


def test_csv_gives_places_by_columns_and_numbers_with_decimal_commas(tmp_path: Path) -> None:
    frame = (
        pd.DataFrame(NODES)
        .drop(columns="geometry")
        .assign(
            kv=["20,0", "20", "0,4", "0,4"],
            ost=[X, X + 100, X + 100, X + 150],
            nord=[Y] * 4,
        )
    )
    frame.to_csv(tmp_path / "knoten.csv", index=False, sep=";")
    text = replaced(
        'layer = "knoten"\nbus_id',
        'source = "liste"\nxy = ["ost", "nord"]\ncrs = "EPSG:25832"\ndecimal_comma = true\nbus_id',
    )
    write_source(tmp_path)
    text += '\n[sources]\nmain = "netz.gpkg"\nliste = "knoten.csv"\n'
    grid = read(write_mapping(tmp_path, text))
    assert grid.issues == ()
    assert grid.tables["bus"].columns["nominal_voltage_v"].tolist() == [20000, 20000, 400, 400]
    assert grid.tables["bus"].geometry is not None
    assert grid.tables["bus"].geometry[3].equals(place(150, 0))


def test_places_without_a_crs_are_an_error_of_the_mapping(tmp_path: Path) -> None:
    pd.DataFrame({"nr": [1], "ost": [X], "nord": [Y], "kv": [20]}).to_csv(
        tmp_path / "k.csv", index=False
    )
    text = '[[bus]]\nxy = ["ost", "nord"]\nbus_id = "nr"\nnominal_voltage_v = "kv"\n'
    with pytest.raises(MappingError, match="states no CRS"):
        read(tmp_path / "k.csv", write_mapping(tmp_path, text))
    given = write_mapping(tmp_path, f'working_crs = "EPSG:25832"\n{text}')
    with pytest.raises(MappingError, match="states no CRS"):
        read(tmp_path / "k.csv", given)


def test_lon_lat_is_brought_into_the_utm_zone_of_its_middle(tmp_path: Path) -> None:
    source = write_source(tmp_path, srid=4326)
    grid = read(source, write_mapping(tmp_path))
    assert grid.working_srid == 25832
    assert grid.tables["bus"].geometry is not None
    assert shapely.distance(grid.tables["bus"].geometry[0], place(0, 0)) < 0.001


def test_a_given_working_crs_wins(tmp_path: Path) -> None:
    grid = read(write_source(tmp_path), write_mapping(tmp_path), working_crs="EPSG:25833")
    assert grid.working_srid == 25833


def test_line_ends_snap_to_the_nearest_bus_of_their_voltage(tmp_path: Path) -> None:
    text = replaced('from_bus_id = "von"\nto_bus_id = "nach"\n', "snap = { within_m = 2 }\n")
    voltage = 'line_id = "nr"\nnominal_voltage_v = { column = "kv", factor = 1000 }'
    text = replaced('line_id = "nr"', voltage, text)
    cables = change(CABLES, 0, kv=20.0, geometry=path((0.5, 0), (99, 0.5)))
    cables = change(cables, 1, kv=0.4)
    lines = read_small(tmp_path, text, kabel=cables).tables["line"].columns
    # Buses 2 and 3 stand at one place; only the voltage tells them apart.
    assert lines["from_bus_id"].tolist() == ["1", "3"]
    assert lines["to_bus_id"].tolist() == ["2", "4"]


def test_joints_are_made_where_lines_end_without_a_bus(tmp_path: Path) -> None:
    text = replaced(
        'from_bus_id = "von"\nto_bus_id = "nach"\n',
        "snap = { within_m = 1, create_joints = true }\nnominal_voltage_v = 400\n",
    )
    cables = [
        {**CABLES[1], "nr": 11, "geometry": path((100, 0), (120, 0))},
        {**CABLES[1], "nr": 12, "geometry": path((120.3, 0), (150, 0))},
    ]
    grid = read_small(tmp_path, text, kabel=cables)
    lines, buses = grid.tables["line"].columns, grid.tables["bus"].columns
    assert lines["from_bus_id"][0] == "3"
    assert lines["to_bus_id"][0] == lines["from_bus_id"][1] == "joint/400/417120.00,5368000.00"
    assert lines["to_bus_id"][1] == "4"
    assert buses["nominal_voltage_v"].tolist()[-1] == 400
    assert "1 joints made" in issues_of(grid, "joint_created")[0].found


def test_length_may_be_that_of_the_geometry(tmp_path: Path) -> None:
    own = 'length_m = { column = "laenge_km", factor = 1000 }'
    text = replaced(own, "length_m = { length_of_geometry = true }")
    assert read_small(tmp_path, text).tables["line"].columns["length_m"].tolist() == [100, 50]


def test_a_load_may_take_the_nearest_bus_of_a_voltage(tmp_path: Path) -> None:
    text = replaced(
        'bus_id = "knoten"\nactive_power_kw',
        "bus_id = { nearest_bus = { within_m = 5, nominal_voltage_v = 400 } }\nactive_power_kw",
    )
    meters = change(METERS, 0, geometry=place(101, 1))
    loads = read_small(tmp_path, text, zaehler=meters).tables["load"].columns
    assert loads["bus_id"].tolist() == ["3"]


def test_a_load_too_far_from_any_bus_misses_its_bus(tmp_path: Path) -> None:
    text = replaced(
        'bus_id = "knoten"\nactive_power_kw',
        "bus_id = { nearest_bus = { within_m = 5 } }\nactive_power_kw",
    )
    grid = read_small(tmp_path, text, zaehler=change(METERS, 0, geometry=place(160, 0)))
    (issue,) = grid.issues
    assert (issue.rule, issue.element) == ("value_missing", "load 7")
    assert (issue.x_m, issue.y_m) == (X + 160, Y)


def test_a_transformer_without_place_takes_that_of_its_bus(tmp_path: Path) -> None:
    text = replaced('layer = "station"', 'layer = "station"\ngeometry = { of = "hv_bus_id" }')
    grid = read_small(tmp_path, text, station=change(STATIONS, 0, geometry=place(900, 900)))
    assert grid.tables["transformer"].geometry is not None
    assert grid.tables["transformer"].geometry[0].equals(place(100, 0))


def test_a_line_without_geometry_runs_straight_between_its_buses(tmp_path: Path) -> None:
    text = replaced('layer = "kabel"', 'layer = "kabel"\ngeometry = { between_buses = true }')
    grid = read_small(tmp_path, text, kabel=change(CABLES, 0, geometry=None))
    assert grid.issues == ()
    assert grid.tables["line"].geometry is not None
    assert grid.tables["line"].geometry[0].equals(path((0, 0), (100, 0)))


def test_geometry_of_an_unknown_column_is_an_error_of_the_mapping(tmp_path: Path) -> None:
    text = replaced('layer = "station"', 'layer = "station"\ngeometry = { of = "hv_bus" }')
    with pytest.raises(MappingError, match="did you mean 'hv_bus_id'"):
        read_small(tmp_path, text)


def test_values_of_a_conductor_type_fill_what_the_source_lacks(tmp_path: Path) -> None:
    text = replaced('resistance_ohm_per_km = "r"\n', "")
    for name, ohm in (("NAYY", 0.208), ("NA2XS2Y", 0.161)):
        title = f"[conductors.{name}]\n"
        text = replaced(title, f"{title}resistance_ohm_per_km = {ohm}\n", text)
    grid = read_small(tmp_path, text)
    assert grid.tables["line"].columns["resistance_ohm_per_km"].tolist() == [0.161, 0.208]
    assert "resistance_ohm_per_km of 2 lines" in issues_of(grid, "value_from_conductor")[0].found


def test_an_unknown_tap_position_is_neutral_and_told(tmp_path: Path) -> None:
    grid = read_small(tmp_path, station=change(STATIONS, 0, stufe=None))
    assert grid.tables["transformer"].columns["tap_position"].tolist() == [0]
    assert rules_of(grid) == ["tap_position_assumed"]


def test_a_line_is_turned_to_run_from_its_first_bus(tmp_path: Path) -> None:
    grid = read_small(tmp_path, kabel=change(CABLES, 0, geometry=path((100, 0), (0, 0))))
    assert rules_of(grid) == ["line_shape_reversed"]
    assert grid.tables["line"].geometry is not None
    assert grid.tables["line"].geometry[0].coords[0] == (X, Y)


def test_skipped_rows_are_counted_named_and_explained(tmp_path: Path) -> None:
    skip = 'skip = { column = "typ", equals = "NAYY", because = "it is being rebuilt" }'
    text = replaced('layer = "kabel"', f'layer = "kabel"\n{skip}')
    grid = read_small(tmp_path, text)
    assert grid.tables["line"].columns["line_id"].tolist() == ["10"]
    (issue,) = grid.issues
    assert issue.rule == "rows_left_out"
    assert issue.found == "1 rows left out, because it is being rebuilt: 11"


def test_a_remark_and_a_reason_of_a_case_are_told(tmp_path: Path) -> None:
    text = replaced('layer = "zaehler"', 'layer = "zaehler"\nremark = "these are estimates"')
    text = replaced(
        'customer_class = { value = "household" }',
        'customer_class = { cases = [{ column = "nr", equals = 7, because = "the meter is a shop", '
        'then = "commercial" }], otherwise = "household" }',
        text,
    )
    grid = read_small(tmp_path, text)
    assert rules_of(grid) == ["mapping_remark", "value_replaced"]
    assert grid.tables["load"].columns["customer_class"].tolist() == ["commercial"]
    assert "because the meter is a shop: 7" in issues_of(grid, "value_replaced")[0].found


def test_multi_part_areas_become_rows(tmp_path: Path) -> None:
    house, shed, other = (shapely.box(X + x, Y, X + x + 9, Y + 9) for x in (0, 20, 40))
    both = shapely.MultiPolygon([house, shed])
    rows = [{"nr": 1, "geometry": both}, {"nr": 2, "geometry": other}]
    grid = read_small(tmp_path, MAPPING + HOUSES, haus=rows)
    assert grid.tables["obstacle"].columns["obstacle_id"].tolist() == ["1#1", "1#2", "2"]
    assert rules_of(grid) == ["geometry_split"]


def test_two_layers_fill_one_table(tmp_path: Path) -> None:
    loads = read_small(tmp_path, MAPPING + HEAT_PUMPS).tables["load"].columns
    assert loads["load_id"].tolist() == ["7", "pumpe/7"]
    assert loads["active_power_kw"].tolist() == [2.1, 1.0]


def test_an_unknown_layer_or_column_names_the_closest(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"no layer 'kabell'; did you mean 'kabel'\? there is"):
        read_small(tmp_path, replaced('layer = "kabel"', 'layer = "kabell"'))
    with pytest.raises(MappingError, match="no column 'strom'; did you mean 'strom_a'"):
        read_small(tmp_path, replaced('"strom_a"', '"strom"'))


def test_an_unknown_source_or_an_unnamed_layer_of_many_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="names no source 'mian'; did you mean 'main'"):
        read_small(tmp_path, replaced('layer = "kabel"', 'layer = "kabel"\nsource = "mian"'))
    with pytest.raises(MappingError, match="has 5 layers, so say which"):
        read_small(tmp_path, replaced('layer = "kabel"\n', ""))


def test_a_filter_that_is_no_sql_is_an_error_of_the_mapping(tmp_path: Path) -> None:
    with pytest.raises((MappingError, SourceError), match="knoten"):
        read_small(tmp_path, replaced("art = 'UW'", "art === 'UW'"))


def test_a_bus_layer_without_places_cannot_choose_a_crs(tmp_path: Path) -> None:
    nodes = [{**row, "geometry": None} for row in NODES]
    with pytest.raises(MappingError, match="no places to choose"):
        read_small(tmp_path, knoten=nodes)
