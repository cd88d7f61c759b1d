"""Serves the built page. An address that names no file shows the page, which routes by itself."""

from pathlib import Path

from apiflask import APIFlask
from flask import Response, request, send_from_directory
from werkzeug.exceptions import NotFound as NoSuchFile

STATIC_DIR = Path(__file__).parents[1] / "static"

_INDEX = "index.html"
_ONE_YEAR_S = 365 * 24 * 3600
_NOT_BUILT = (
    "The page of Doc Chat has not been built yet. Run scripts/build-frontend and load this "
    "address again. The API is ready.\n"
)


def init_app(app: APIFlask, static_dir: Path = STATIC_DIR) -> None:
    """Answer GET requests outside of /api/ with the files of `static_dir`."""

    @app.get("/", endpoint="frontend.index")
    @app.doc(hide=True)
    def index() -> Response:
        if not (static_dir / _INDEX).is_file():
            return Response(_NOT_BUILT, mimetype="text/plain")
        response = send_from_directory(static_dir, _INDEX)
        response.cache_control.no_cache = True
        return response

    @app.get("/<page_path:path>", endpoint="frontend.file")
    @app.doc(hide=True)
    def file(path: str) -> Response:
        # The names of assets carry a hash of their content.
        max_age_s = _ONE_YEAR_S if path.startswith("assets/") else None
        try:
            response = send_from_directory(static_dir, path, max_age=max_age_s)
        except NoSuchFile:
            if not _is_navigation():
                raise
            return index()
        response.cache_control.immutable = max_age_s is not None
        return response


def _is_navigation() -> bool:
    """Return whether HTML is asked for by name; who fetches a script or an image does not."""
    return any(media_type == "text/html" for media_type, _ in request.accept_mimetypes)
