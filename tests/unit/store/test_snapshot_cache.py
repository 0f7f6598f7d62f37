"""The cache gives back what was put in, or nothing: never something old, foreign or damaged."""

from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest

from gisplan.model.grid import Grid
from gisplan.network.snapshot import Topology
from gisplan.network.topology import build_topology
from gisplan.store.snapshot_cache import MANIFEST, load_mapped, remove_others, save_arrays
from tests.grids import grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Arrays of every type, some of them empty, and scalars: as nested as a snapshot."""

    grid: Grid
    topology: Topology


GRID = grid("S1-Ä 100", "Ä-B 40 open", "B>L 630", "L: 3 kW 1 kvar")
NETWORK = Network(grid=GRID, topology=build_topology(GRID))


def assert_equal(one: object, other: object) -> None:
    assert type(one) is type(other)
    for field in fields(one):  # type: ignore[arg-type]
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b, strict=True)
        elif hasattr(a, "__dataclass_fields__"):
            assert_equal(a, b)
        else:
            assert a == b


def loaded(folder: Path, stamp: str = "one") -> Network:
    found = load_mapped(Network, folder, stamp=stamp)
    assert found is not None
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "cache" / "entry"
    save_arrays(NETWORK, path, stamp="one")
    return path


def test_what_is_loaded_equals_what_was_saved(folder: Path) -> None:
    assert_equal(loaded(folder), NETWORK)


def test_arrays_are_mapped_and_cannot_be_written(folder: Path) -> None:
    length_m = loaded(folder).grid.lines.length_m
    assert isinstance(length_m.base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        length_m[0] = 1.0


def test_empty_arrays_cannot_be_written_either(folder: Path) -> None:
    assert not loaded(folder).grid.generators.bus.flags.writeable


def test_topology_of_a_mapped_grid_is_the_same(folder: Path) -> None:
    assert_equal(build_topology(loaded(folder).grid), NETWORK.topology)


def test_nothing_is_loaded_where_nothing_is(tmp_path: Path) -> None:
    assert load_mapped(Network, tmp_path / "none", stamp="one") is None


def test_entry_of_another_software_is_not_served(folder: Path) -> None:
    assert load_mapped(Network, folder, stamp="two") is None


def test_entry_of_another_format_is_not_served(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | {"format": 0}))
    assert load_mapped(Network, folder, stamp="one") is None


def test_entry_of_another_class_is_not_served(folder: Path) -> None:
    assert load_mapped(Topology, folder, stamp="one") is None


def test_scalar_of_another_type_is_not_served(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["scalars"]["grid.working_srid"] = "25832"
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert load_mapped(Network, folder, stamp="one") is None


@pytest.mark.parametrize("name", ["grid.lines.length_m.npy", "grid.buses.bus_id.npy", MANIFEST])
def test_missing_file_is_noticed(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert load_mapped(Network, folder, stamp="one") is None


@pytest.mark.parametrize("name", ["grid.lines.length_m.npy", "topology.is_meshed.npy", MANIFEST])
@pytest.mark.parametrize("kept", [0, 1, 0.5, -1])
def test_cut_off_file_is_noticed(folder: Path, name: str, kept: float) -> None:
    content = (folder / name).read_bytes()
    end = int(len(content) * kept) if isinstance(kept, float) else kept
    (folder / name).write_bytes(content[:end])
    assert load_mapped(Network, folder, stamp="one") is None


def test_every_damaged_byte_of_the_data_is_noticed(folder: Path) -> None:
    path = folder / "grid.lines.length_m.npy"
    content = path.read_bytes()
    for place in range(len(content) - 16, len(content)):  # two lines of eight bytes each
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert load_mapped(Network, folder, stamp="one") is None


def test_array_of_another_shape_is_noticed(folder: Path) -> None:
    np.save(folder / "grid.lines.length_m.npy", np.zeros(7))
    assert load_mapped(Network, folder, stamp="one") is None


def test_saving_again_replaces_a_damaged_entry(folder: Path) -> None:
    (folder / MANIFEST).write_text("{")
    save_arrays(NETWORK, folder, stamp="two")
    assert_equal(loaded(folder, "two"), NETWORK)


def test_what_was_mapped_stays_when_its_entry_is_replaced(folder: Path) -> None:
    before = loaded(folder)
    save_arrays(replace(NETWORK, grid=grid("S1-A 1")), folder, stamp="one")
    assert_equal(before, NETWORK)


def test_saving_leaves_nothing_beside_the_entry(folder: Path) -> None:
    save_arrays(NETWORK, folder, stamp="two")
    assert list(folder.parent.iterdir()) == [folder]


def test_failed_saving_leaves_nothing(tmp_path: Path) -> None:
    refused = np.array([object()])
    broken = replace(NETWORK, topology=replace(NETWORK.topology, order=refused))
    with pytest.raises(ValueError, match="allow_pickle"):
        save_arrays(broken, tmp_path / "entry", stamp="one")
    assert list(tmp_path.iterdir()) == []


def test_place_that_cannot_be_taken_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        save_arrays(NETWORK, tmp_path / "file" / "entry", stamp="one")


def save_many_times(folder: Path) -> None:
    for _ in range(10):
        save_arrays(NETWORK, folder, stamp="one")


def test_processes_that_save_at_once_leave_one_whole_entry(tmp_path: Path) -> None:
    folder = tmp_path / "entry"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=save_many_times, args=(folder,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert_equal(loaded(folder), NETWORK)
    assert list(tmp_path.iterdir()) == [folder]


def test_oldest_entries_are_removed_and_this_one_stays(tmp_path: Path) -> None:
    for age, name in enumerate(("this", "new", "older", "oldest")):
        save_arrays(NETWORK.grid.sources, tmp_path / name, stamp="one")
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    os.utime(tmp_path / "this", (0, 0))
    remove_others(tmp_path / "this", keep_count=1)
    assert sorted(tmp_path.iterdir()) == [tmp_path / "new", tmp_path / "this"]
