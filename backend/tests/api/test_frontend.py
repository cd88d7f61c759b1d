"""The built page is served from this address, and only from there."""

from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from backend.api import frontend
from backend.api.routing import PagePathConverter

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def static_dir(tmp_path: Path) -> Path:
    """A built page."""
    (tmp_path / "static" / "assets").mkdir(parents=True)
    (tmp_path / "static" / "index.html").write_text("<!doctype html><title>Doc Chat</title>")
    (tmp_path / "static" / "assets" / "index-abc123.js").write_text("export {};")
    (tmp_path / "static" / "favicon.svg").write_text("<svg/>")
    (tmp_path / "outside.txt").write_text("outside")
    return tmp_path / "static"


@pytest.fixture
def page(static_dir: Path) -> FlaskClient:
    """A browser at a server that serves nothing but the page."""
    app = APIFlask(__name__, static_folder=None, docs_path=None)  # type: ignore[arg-type]
    app.url_map.converters["page_path"] = PagePathConverter
    frontend.init_app(app, static_dir)
    return app.test_client()


@pytest.mark.parametrize("path", ["/", "/index.html", "/conversations/1", "/a.b/c"])
def test_every_address_of_the_page_shows_it_and_is_asked_for_anew(
    page: FlaskClient, path: str
) -> None:
    response = page.get(path, headers=HTML, buffered=True)
    assert response.status_code == 200
    assert "Doc Chat" in response.text
    assert response.headers["Cache-Control"] == "no-cache"


def test_assets_are_kept_for_good(page: FlaskClient) -> None:
    response = page.get("/assets/index-abc123.js", buffered=True)
    assert response.content_type == "text/javascript; charset=utf-8"
    assert response.cache_control.max_age == 31_536_000
    assert response.cache_control.immutable
    assert response.cache_control.no_cache is None


def test_other_files_are_asked_for_anew(page: FlaskClient) -> None:
    response = page.get("/favicon.svg", buffered=True)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/assets/gone.js", "*/*"), ("/gone.png", "image/*"), ("/../outside.txt", "*/*")],
)
def test_a_missing_file_is_not_the_page(page: FlaskClient, path: str, accept: str) -> None:
    assert page.get(path, headers={"Accept": accept}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/../outside.txt", "/..%2foutside.txt", "/assets/../../outside.txt"]
)
def test_nothing_outside_of_the_folder_is_served(page: FlaskClient, path: str) -> None:
    assert "outside" not in page.get(path, headers=HTML, buffered=True).text


def test_before_the_page_is_built_a_sentence_says_so(tmp_path: Path) -> None:
    app = APIFlask(__name__, static_folder=None, docs_path=None)  # type: ignore[arg-type]
    app.url_map.converters["page_path"] = PagePathConverter
    frontend.init_app(app, tmp_path / "nothing")
    response = app.test_client().get("/")
    assert response.status_code == 200
    assert "has not been built yet" in response.text
