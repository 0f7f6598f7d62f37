from __future__ import annotations

from api.tile_cache import TileCache
from gisplan.store.tiles import TileLayer


def key(column: int) -> tuple[int, TileLayer, int, int, int]:
    return (1, TileLayer.LINE, 14, column, 0)


def test_tile_is_kept_and_found():
    cache = TileCache(100)
    cache.keep(key(1), b"tile")
    assert (cache.find(key(1)), cache.find(key(2))) == (b"tile", None)


def test_empty_tile_is_kept_too():
    cache = TileCache(100)
    cache.keep(key(1), b"")
    assert cache.find(key(1)) == b""


def test_tile_unused_for_longest_makes_room():
    cache = TileCache(10)
    cache.keep(key(1), b"12345")
    cache.keep(key(2), b"12345")
    cache.find(key(1))
    cache.keep(key(3), b"12345")
    assert [cache.find(key(n)) is not None for n in (1, 2, 3)] == [True, False, True]


def test_tile_kept_twice_counts_once():
    cache = TileCache(10)
    cache.keep(key(1), b"12345")
    cache.keep(key(1), b"1234567")
    cache.keep(key(2), b"123")
    assert cache.find(key(1)) == b"1234567"


def test_tile_larger_than_the_cache_is_not_kept():
    cache = TileCache(4)
    cache.keep(key(1), b"12345")
    assert cache.find(key(1)) is None
