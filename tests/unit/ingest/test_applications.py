"""Lists of applications: what is read, and how faults are named."""

from pathlib import Path

import pytest

from gisplan.errors import SourceError
from gisplan.ingest.applications import parse_application, read_applications
from gisplan.model.application import ApplicationKind, Importance

HEADER = "reference,lon,lat,kind,demand_kva,importance,phases\n"


def write(folder: Path, text: str, name: str = "list.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_csv_row_becomes_an_application(tmp_path: Path) -> None:
    file = write(tmp_path, HEADER + "A-1,7.88,48.47,ev,11,second,3\n")
    (application,) = read_applications(file)
    assert (application.lon, application.lat, application.demand_kva) == (7.88, 48.47, 11.0)
    assert application.kind is ApplicationKind.EV
    assert application.importance is Importance.SECOND
    assert application.customer_class == "ev_charging"


def test_empty_cell_takes_the_default(tmp_path: Path) -> None:
    (application,) = read_applications(write(tmp_path, HEADER + "A-1,7.88,48.47,,11,,\n"))
    assert application.kind is ApplicationKind.LOAD
    assert application.phases is None


def test_disturbing_loads_and_the_phase_are_read(tmp_path: Path) -> None:
    header = "reference,lon,lat,demand_kva,largest_motor_kw,largest_step_kva,steps_per_hour,phase\n"
    (application,) = read_applications(write(tmp_path, header + "A-1,7.88,48.47,11,7.5,20,12,L2\n"))
    assert (application.largest_motor_kw, application.largest_step_kva) == (7.5, 20.0)
    assert (application.steps_per_hour, application.phase) == (12.0, "L2")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"phase": "L4"}, "phase is 'L4'"),
        ({"phase": "L1", "phases": 3}, "phase is L1 and phases is 3"),
        ({"steps_per_hour": 0}, "steps_per_hour is '0'"),
        ({"largest_motor_kw": -1}, "largest_motor_kw is '-1'"),
        ({"largest_step_kva": "nan"}, "largest_step_kva is 'nan'"),
    ],
)
def test_impossible_disturbance_or_phase_is_named(values: dict[str, object], message: str) -> None:
    given = {"reference": "A", "lon": 7.9, "lat": 48.4, "demand_kva": 9, **values}
    with pytest.raises(SourceError, match=message):
        parse_application(given)


def test_geojson_points_are_read(tmp_path: Path) -> None:
    text = (
        '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point",'
        '"coordinates":[7.9,48.4]},"properties":{"reference":"B-2","demand_kva":30}}]}'
    )
    (application,) = read_applications(write(tmp_path, text, "list.geojson"))
    assert (application.reference, application.lon, application.lat) == ("B-2", 7.9, 48.4)


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    rows = "A-1,nan,48.47,load,9,,\nA-2,7.88,91,load,-4,,\nA-3,7.88,48,gas,9,,2\nA-4,7,48,,9,,2\n"
    with pytest.raises(SourceError) as caught:
        read_applications(write(tmp_path, HEADER + rows))
    text = str(caught.value)
    for part in ("row 2: lon", "row 3: lat", "row 3: demand_kva", "row 4: kind", "row 5: phases"):
        assert part in text


def test_reference_that_stands_twice_is_refused(tmp_path: Path) -> None:
    row = "A-1,7.88,48.47,load,9,,\n"
    with pytest.raises(SourceError, match="A-1 stands twice"):
        read_applications(write(tmp_path, HEADER + row + row))


def test_unknown_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="colour"):
        read_applications(write(tmp_path, "reference,lon,lat,demand_kva,colour\nA,7,48,9,red\n"))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("list.xlsx", "x", "expected .csv or .geojson"),
        ("list.geojson", "{", "no GeoJSON"),
        ("list.geojson", '{"features":7}', "its features are no list"),
        ("list.geojson", "[" * 100_000, "no GeoJSON"),
        ("list.csv", 'reference,lon,lat,demand_kva\n"unclosed', "no CSV"),
    ],
)
def test_file_that_is_no_list_is_refused(
    tmp_path: Path, name: str, text: str, expected: str
) -> None:
    with pytest.raises(SourceError, match=expected):
        read_applications(write(tmp_path, text, name))


def test_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(HEADER.encode() + b"\xff\xfe")
    with pytest.raises(SourceError, match="not UTF-8"):
        read_applications(file)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"absent\.csv cannot be read"):
        read_applications(tmp_path / "absent.csv")


def test_single_application_names_its_faults() -> None:
    with pytest.raises(SourceError, match="demand_kva"):
        parse_application({"reference": "x", "lon": 7, "lat": 48, "demand_kva": float("inf")})


def test_unknown_customer_class_names_those_that_exist() -> None:
    values = {"reference": "x", "lon": 7, "lat": 48, "demand_kva": 9, "customer_class": "castle"}
    with pytest.raises(SourceError, match="heat_pump"):
        parse_application(values)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEADER, "holds no applications"),
        ("", "holds no applications"),
        ("ref,x,y\nA,7,48\n", "lacks reference, lon, lat, demand_kva"),
        ("reference;lon;lat;demand_kva\nA;7;48;9\n", "separated by commas"),
    ],
)
def test_list_without_the_needed_columns_or_rows_is_refused(
    tmp_path: Path, text: str, expected: str
) -> None:
    with pytest.raises(SourceError, match=expected):
        read_applications(write(tmp_path, text))


def test_feature_that_is_no_place_is_named_beside_the_others(tmp_path: Path) -> None:
    features = (
        '{"geometry":null,"properties":{}},{"geometry":{"type":"Point","coordinates":[7]},'
        '"properties":{}},7,{"geometry":{"type":"Sphere"},"properties":{}}'
    )
    with pytest.raises(SourceError) as caught:
        read_applications(write(tmp_path, f'{{"features":[{features}]}}', "list.geojson"))
    first, second, third, fourth = str(caught.value).splitlines()[1:]
    assert first == "  feature 1: the geometry is null; expected a Point, or a parcel as a Polygon"
    assert second == "  feature 2: the Point is [7]; expected longitude and latitude"
    assert third.startswith("  feature 3: no Feature with a geometry and properties")
    assert fourth.startswith("  feature 4: ")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("A,7,48,", "row 2: demand_kva is missing; expected the contract capacity"),
        ("A,416924,5367000,9", "expected degrees east, -180 to 180 .*convert metres"),
        ("A,east,48,9", r"expected degrees east, -180 to 180 \(WGS 84\)$"),
        ("A,7,48,9,8", "row 2: holds more cells than the 4 of the header"),
        ("A\x00,7,48,9", "reference is 'A.x00'"),
    ],
)
def test_fault_of_a_row_tells_what_to_do(tmp_path: Path, row: str, expected: str) -> None:
    with pytest.raises(SourceError, match=expected):
        read_applications(write(tmp_path, f"reference,lon,lat,demand_kva\n{row}\n"))


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_day_that_no_calendar_of_works_holds_is_refused(day: str) -> None:
    values = {"reference": "x", "lon": 7, "lat": 48, "demand_kva": 9, "wanted_on": day}
    with pytest.raises(SourceError, match=f"wanted_on is '{day}'"):
        parse_application(values)
