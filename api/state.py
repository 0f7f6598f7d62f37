"""What the service keeps while it runs, and how routes get at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from psycopg import Connection
from psycopg_pool import ConnectionPool

from api.cost_map_cache import CostMapCache
from api.density_areas import AreaStore
from api.gap_cache import GapCache
from api.raster_cache import RasterCache
from api.shape_cache import ShapeCache
from api.tile_cache import TileCache
from gisplan.services.plan import Planner
from gisplan.store.connection import borrow


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Connections, the planner that uses them, and what was drawn before."""

    pool: ConnectionPool
    planner: Planner
    tiles: TileCache
    cost_maps: CostMapCache
    gaps: GapCache
    rasters: RasterCache = field(default_factory=RasterCache)
    shapes: ShapeCache = field(default_factory=ShapeCache)
    areas: AreaStore = field(default_factory=AreaStore)


def get_service(request: Request) -> Service:
    """The running service."""
    service: Service = request.app.state.service
    return service


def borrow_connection(service: Annotated[Service, Depends(get_service)]) -> Iterator[Connection]:
    """A connection for one request; its transaction is committed before the answer leaves."""
    with borrow(service.pool) as connection:
        yield connection


RunningService = Annotated[Service, Depends(get_service)]
Database = Annotated[Connection, Depends(borrow_connection, scope="function")]
