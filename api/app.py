"""The application: routes, guards and the page, wired together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from threading import Thread

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from api import page
from api.cost_map_cache import CostMapCache
from api.errors import Problem, add_error_handlers
from api.gap_cache import GapCache
from api.guards import BodyLimit, SecurityHeaders
from api.routes import (
    applications,
    capacity_gap,
    cost_map,
    cost_map_layer,
    density,
    density_shapes,
    grid,
    health,
    plans,
    route,
    shared_trench,
    tiles,
)
from api.state import Service
from api.tile_cache import TileCache
from gisplan import __version__
from gisplan.errors import GisplanError
from gisplan.ingest.area_upload import UPLOAD_BYTES_MAX
from gisplan.services.plan import Planner
from gisplan.settings import Settings
from gisplan.store.connection import open_pool
from gisplan.store.database import prepare_database

BODY_LIMIT_BYTES = 1 << 20
POLYGONS_UNDER = "/api/v1/density/"
TILE_CACHE_BYTES = 64 << 20
COMPRESSED_FROM_BYTES = 1000
POOL_SIZE_MAX = 8


def create_app(settings: Settings) -> FastAPI:
    """Build the service; the database is prepared and the network compiled when it starts."""
    app = FastAPI(
        title="gisplan",
        version=__version__,
        summary="Where a new electricity customer connects, and with what consequences.",
        lifespan=_lifespan(settings),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM_BYTES)
    app.add_middleware(
        BodyLimit, limit_bytes=BODY_LIMIT_BYTES, larger={POLYGONS_UNDER: UPLOAD_BYTES_MAX}
    )
    app.add_middleware(SecurityHeaders)
    add_error_handlers(app)
    app.include_router(health.router)
    app.include_router(_versioned_routes())
    page.add_page(app)
    return app


def _versioned_routes() -> APIRouter:
    problem = {"model": Problem, "description": "Problem details (RFC 9457)"}
    router = APIRouter(prefix="/api/v1", responses={"4XX": problem, "5XX": problem})
    for each in (
        applications,
        capacity_gap,
        plans,
        route,
        shared_trench,
        density,
        density_shapes,
        cost_map,
        cost_map_layer,
        tiles,
        grid,
    ):
        router.include_router(each.router)
    return router


def _lifespan(
    settings: Settings,
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        with open_pool(prepare_database(settings), size_max=POOL_SIZE_MAX) as pool:
            planner = Planner(
                pool=pool,
                cache_root=settings.home / "cache",
                catalogue_override=settings.catalogue,
            )
            app.state.service = Service(
                pool=pool,
                planner=planner,
                tiles=TileCache(TILE_CACHE_BYTES),
                cost_maps=CostMapCache(planner=planner),
                gaps=GapCache(planner=planner),
            )
            warming = Thread(target=_warm_up, args=[planner])
            warming.start()
            yield
            warming.join()

    return run


def _warm_up(planner: Planner) -> None:
    """Compile the network before the first question; without a grid there is nothing to do yet."""
    with suppress(GisplanError):
        planner.grid()
