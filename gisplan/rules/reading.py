"""Read the rows of a profile from its files; every fault names its file and row."""

from __future__ import annotations

import csv
import hashlib
import io
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from gisplan.errors import CatalogueError
from gisplan.rules.types import (
    AccessoryPrice,
    CivilPrice,
    CoincidenceRow,
    ConductorMaterial,
    ConductorType,
    CrossingPrice,
    CustomerType,
    EquipmentType,
    FuseType,
    InsulationType,
    PowerFactor,
    Rule,
)

Row = Mapping[str, object]
Item = TypeVar("Item")

FOLDER = Path(__file__).parent
TABLES = (
    "rule",
    "power_factor",
    "cable",
    "conductor_material",
    "insulation",
    "fuse",
    "equipment",
    "civil_works",
    "crossing",
    "accessory",
    "coincidence",
    "customer",
)
EVERY_PROFILE = "*"  # physics is the same everywhere
KEYS: dict[str, tuple[str, ...]] = {
    "rule": ("rule_id",),
    "power_factor": ("customer_class",),
    "cable": ("conductor_id",),
    "conductor_material": ("material",),
    "insulation": ("insulation", "section_above_mm2"),
    "fuse": ("rated_current_a",),
    "equipment": ("equipment_id",),
    "civil_works": ("surface", "laying"),
    "crossing": ("kind",),
    "accessory": ("kind", "voltage_level"),
    "coincidence": ("customer_class", "load_case"),
    "customer": ("customer_class",),
}
HEADINGS = frozenset({"profile", "name", "currency"})
CSV_TABLES: dict[str, str] = {
    "cable": "cables.csv",
    "conductor_material": "conductor_materials.csv",
    "insulation": "insulations.csv",
    "fuse": "fuses.csv",
    "equipment": "equipment.csv",
    "civil_works": "civil_works.csv",
    "crossing": "crossings.csv",
    "accessory": "accessories.csv",
    "coincidence": "coincidence.csv",
    "customer": "customers.csv",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All rows of a profile as they stand in its files, dated variants included."""

    profile: str
    name: str
    currency: str
    fingerprint: str
    rules: tuple[Rule, ...]
    power_factors: tuple[PowerFactor, ...]
    conductors: tuple[ConductorType, ...]
    materials: tuple[ConductorMaterial, ...]
    insulations: tuple[InsulationType, ...]
    fuses: tuple[FuseType, ...]
    equipment: tuple[EquipmentType, ...]
    civil_prices: tuple[CivilPrice, ...]
    crossings: tuple[CrossingPrice, ...]
    accessories: tuple[AccessoryPrice, ...]
    coincidence: tuple[CoincidenceRow, ...]
    customers: tuple[CustomerType, ...]


def load_rows(profile: str, *, override: Path | None, folder: Path = FOLDER) -> Rows:
    """Read a profile and lay an override over it; rows of the same id are replaced."""
    digest = hashlib.sha256()
    path = folder / f"{profile}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.toml")))
        raise CatalogueError(f"profile {profile!r} is not in the catalogue; known are {known}")
    document = _read_toml(path, digest.update)
    currency = str(document.get("currency", ""))
    if document.get("profile") != profile or len(currency) != 3:
        raise CatalogueError(
            f"{path.name}: found profile {document.get('profile')!r} and currency {currency!r}, "
            f"expected profile {profile!r} and a currency of three letters"
        )
    tables = {table: _rows_of(document, table, path.name) for table in ("rule", "power_factor")}
    for table, file_name in CSV_TABLES.items():
        tables[table] = _read_csv(folder / file_name, profile, digest.update)
    if override is not None:
        own = _read_override(override, profile, currency, digest.update)
        tables = _overlay(tables, own, override.name)
    return Rows(
        profile=profile,
        name=str(document.get("name", profile)),
        currency=currency,
        fingerprint=digest.hexdigest(),
        rules=_typed(Rule, "rule", tables["rule"]),
        power_factors=_typed(PowerFactor, "power_factor", tables["power_factor"]),
        conductors=_typed(ConductorType, "cable", _priced(tables["cable"], currency)),
        materials=_typed(ConductorMaterial, "conductor_material", tables["conductor_material"]),
        insulations=_typed(InsulationType, "insulation", tables["insulation"]),
        fuses=_typed(FuseType, "fuse", tables["fuse"]),
        equipment=_typed(EquipmentType, "equipment", tables["equipment"]),
        civil_prices=_typed(CivilPrice, "civil_works", _priced(tables["civil_works"], currency)),
        crossings=_typed(CrossingPrice, "crossing", _priced(tables["crossing"], currency)),
        accessories=_typed(AccessoryPrice, "accessory", _priced(tables["accessory"], currency)),
        coincidence=_typed(CoincidenceRow, "coincidence", tables["coincidence"]),
        customers=_typed(CustomerType, "customer", tables["customer"]),
    )


def _read_bytes(path: Path, digest: Callable[[bytes], None]) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CatalogueError(f"rule file {path.name} cannot be read: {error.strerror}") from error
    digest(path.name.encode() + b"\0" + content + b"\0")
    return content


def _read_toml(path: Path, digest: Callable[[bytes], None]) -> Mapping[str, object]:
    try:
        document = tomllib.loads(_read_bytes(path, digest).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{path.name} is not valid TOML: {error}") from error
    unknown = set(document) - HEADINGS - set(TABLES)
    if unknown:
        raise CatalogueError(
            f"{path.name}: unknown entry {', '.join(sorted(unknown))}; known are "
            f"{', '.join(sorted(HEADINGS))} and the tables {', '.join(TABLES)}"
        )
    return document


def _read_override(
    path: Path, profile: str, currency: str, digest: Callable[[bytes], None]
) -> Mapping[str, object]:
    document = _read_toml(path, digest)
    meant = document.get("profile", profile)
    if meant != profile:
        raise CatalogueError(f"{path.name} is written for profile {meant}, not for {profile}")
    priced_in = document.get("currency", currency)
    if priced_in != currency:
        raise CatalogueError(
            f"{path.name} is priced in {priced_in}, profile {profile} in {currency}; convert its "
            "prices"
        )
    return document


def _rows_of(document: Mapping[str, object], table: str, file_name: str) -> list[Row]:
    rows = document.get(table, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CatalogueError(f"{file_name}: {table} must be written as rows [[{table}]]")
    return [{"_place": file_name, **row} for row in rows]


def _read_csv(path: Path, profile: str, digest: Callable[[bytes], None]) -> list[Row]:
    """Rows of one profile; empty cells are missing, roles are separated by spaces."""
    text = _read_bytes(path, digest).decode("utf-8-sig")
    rows: list[Row] = []
    for record in csv.DictReader(io.StringIO(text)):
        place = f"{path.name} for profile {profile}"
        if None in record or None in record.values():
            first = next(iter(record.values()))
            raise CatalogueError(
                f"{place}: the row that starts {first!r} has not as many cells as columns"
            )
        if record.get("profile") in (profile, EVERY_PROFILE):
            cells = {
                key: cell for key, cell in record.items() if cell and key not in ("profile", "note")
            }
            rows.append({"_place": place, **cells})
    return rows


def _overlay(
    tables: Mapping[str, list[Row]], override: Row, file_name: str
) -> dict[str, list[Row]]:
    result = {}
    for table, rows in tables.items():
        new = _rows_of(override, table, file_name)
        replaced = {_key(table, row) for row in new}
        result[table] = [row for row in rows if _key(table, row) not in replaced] + new
    return result


def _key(table: str, row: Row) -> tuple[str, ...]:
    return tuple(str(row.get(column, "")) for column in KEYS[table])


def _priced(rows: Iterable[Row], currency: str) -> list[Row]:
    """Drop the currency of rows that are all in the profile's own."""
    for row in rows:
        if row.get("currency", currency) != currency:
            raise CatalogueError(
                f"{row['_place']}: a price in {row['currency']} stands in a catalogue in {currency}"
            )
    return [{key: value for key, value in row.items() if key != "currency"} for row in rows]


def _typed(kind: type[Item], table: str, rows: Sequence[Row]) -> tuple[Item, ...]:
    adapter = TypeAdapter(kind)
    return tuple(_item(adapter, table, row) for row in rows)


def _item(adapter: TypeAdapter[Item], table: str, row: Row) -> Item:
    cells = {key: value for key, value in row.items() if key not in ("_place", "note")}
    roles = cells.get("roles")
    if isinstance(roles, str):
        cells["roles"] = roles.split()
    try:
        return adapter.validate_python(cells)
    except ValidationError as error:
        name = " ".join(_key(table, row)).strip() or "without id"
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}, found {fault['input']!r}"
            if fault["type"] != "missing"
            else f"{'.'.join(map(str, fault['loc']))}: missing"
            for fault in error.errors()
        )
        raise CatalogueError(f"{row['_place']}: {table} row {name}: {faults}") from error
