from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from api.errors import add_error_handlers
from api.page import add_page
from tests.web.browser import serving


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-1.js").write_text("1")
    (tmp_path / "index.html").write_text("page")
    (tmp_path / "docs.html").write_text("docs")
    return tmp_path


def get(folder, path: str, method: str = "GET") -> httpx.Response:
    app = FastAPI(docs_url=None)
    add_error_handlers(app)
    add_page(app, folder)
    with serving(app) as address, httpx.Client(trust_env=False) as client:
        return client.request(method, f"{address}{path}")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_page_is_asked_for_again_each_time(folder, method):
    response = get(folder, "", method)
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-cache")


def test_file_with_its_hash_in_its_name_may_be_kept(folder):
    assert "immutable" in get(folder, "assets/index-1.js").headers["cache-control"]


def test_docs_have_an_address_without_ending(folder):
    assert get(folder, "docs").text == "docs"


def test_file_outside_the_page_is_not_served(folder):
    (folder.parent / "secret.txt").write_text("secret")
    assert get(folder, "assets/..%2f..%2fsecret.txt").status_code == 404


def test_page_that_was_not_built_says_how_to_build_it(tmp_path):
    response = get(tmp_path, "")
    assert response.status_code == 503
    assert "npm run build" in response.json()["detail"]
