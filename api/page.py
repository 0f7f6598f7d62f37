"""The planners' page and the interactive description of the API, as the build left them."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

import maps

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Scope

PAGE_FOLDER = Path(maps.__file__).parent / "web" / "dist"


class PageFiles(StaticFiles):
    """Built files: those with a hash in their name stay, the others are asked for again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file, and say how long it may be kept."""
        response = await super().get_response(path, scope)
        lasting = path.startswith("assets/")
        response.headers["cache-control"] = (
            "public, max-age=31536000, immutable" if lasting else "no-cache"
        )
        return response


def add_page(app: FastAPI, folder: Path = PAGE_FOLDER) -> None:
    """Serve the page at ``/`` and the description of the API at ``/docs``."""
    if not (folder / "index.html").is_file():
        app.add_api_route("/", _say_not_built, include_in_schema=False)
        return

    def show_docs() -> FileResponse:
        return FileResponse(folder / "docs.html", headers={"cache-control": "no-cache"})

    app.add_api_route("/docs", show_docs, methods=["GET", "HEAD"], include_in_schema=False)
    app.mount("/", PageFiles(directory=folder, html=True), name="page")


def _say_not_built() -> None:
    detail = "the page has not been built; run npm ci && npm run build in maps/web"
    raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, detail)
