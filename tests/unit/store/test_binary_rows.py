"""PostgreSQL's binary COPY format, against bytes written out by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import shapely

from gisplan.errors import StoreError
from gisplan.store.binary_rows import HEADER, ROWS_AT_ONCE, TRAILER, encode_chunks


def rows(*columns: tuple[str, np.ndarray]) -> bytes:
    """Rows between header and trailer."""
    stream = b"".join(encode_chunks(columns, srid=25832))
    assert stream.startswith(HEADER)
    assert stream.endswith(TRAILER)
    return stream[len(HEADER) : -len(TRAILER)]


def test_header_and_trailer_are_those_of_the_manual() -> None:
    assert b"PGCOPY\n\xff\r\n\x00" + bytes(8) == HEADER
    assert TRAILER == b"\xff\xff"


def test_numbers_are_big_endian_with_their_length_before_them() -> None:
    encoded = rows(("double precision", np.array([1.0])), ("integer", np.array([258.0])))
    assert encoded == bytes.fromhex("0002 00000008 3ff0000000000000 00000004 00000102")


def test_flags_and_wide_integers() -> None:
    encoded = rows(("boolean", np.array([1.0, 0.0])), ("bigint", np.array([1.0, 2.0])))
    assert encoded == bytes.fromhex(
        "0002 00000001 01 00000008 0000000000000001 0002 00000001 00 00000008 0000000000000002"
    )


def test_dates_are_days_since_the_first_of_2000() -> None:
    ordinals = np.array([date(2000, 1, 2).toordinal(), np.nan, date(1999, 12, 31).toordinal()])
    assert rows(("date", ordinals)) == bytes.fromhex(
        "0001 00000004 00000001 0001 ffffffff 0001 00000004 ffffffff"
    )


def test_what_is_missing_is_null() -> None:
    encoded = rows(
        ("integer", np.array([np.nan, 1.0])),
        ("text", np.array([None, "a"], dtype=object)),
        ("geometry", np.array([None, None], dtype=object)),
    )
    nothing = "ffffffff"
    assert encoded == bytes.fromhex(
        f"0003 {nothing} {nothing} {nothing} 0003 00000004 00000001 00000001 61 {nothing}"
    )


def test_texts_are_utf8_and_their_length_is_that_of_the_bytes() -> None:
    encoded = rows(("text", np.array(["接", "", "ab"], dtype=object)))
    assert encoded == bytes.fromhex("0001 00000003 e68ea5 0001 00000000 0001 00000002 6162")


def test_geometry_is_ewkb_with_the_srid() -> None:
    line = shapely.LineString([(0, 1), (2, 3)])
    expected = shapely.to_wkb(shapely.set_srid(line, 25832), include_srid=True)
    encoded = rows(("geometry", np.array([line, None, line], dtype=object)))
    field = b"\x00\x01" + len(expected).to_bytes(4, "big") + expected
    assert encoded == field + bytes.fromhex("0001 ffffffff") + field


def test_areas_and_points_stand_side_by_side() -> None:
    shapes = np.array([shapely.Point(1, 2), shapely.box(0, 0, 1, 1)], dtype=object)
    encoded = rows(("geometry", shapes))
    for shape in shapes:
        assert shapely.to_wkb(shapely.set_srid(shape, 25832), include_srid=True) in encoded


def test_many_rows_are_given_in_chunks() -> None:
    count = ROWS_AT_ONCE + 1
    chunks = list(encode_chunks([("integer", np.arange(count, dtype=float))], srid=25832))
    assert len(chunks) == 4
    assert len(b"".join(chunks)) == len(HEADER) + len(TRAILER) + count * 10


def test_no_rows_are_only_header_and_trailer() -> None:
    assert rows(("text", np.array([], dtype=object))) == b""


def test_a_type_that_is_not_known_is_refused() -> None:
    with pytest.raises(StoreError, match="type jsonb"):
        rows(("jsonb", np.array([1.0])))
