"""docs/http-api.md names every route there is, and none besides."""

import re
from pathlib import Path

from apiflask import APIFlask

PAGE = Path(__file__).resolve().parents[3] / "docs" / "http-api.md"


def _as_documented(rule: str) -> str:
    """Return the rule with its converters left out: `<int(min=1):number>` as `{number}`."""
    return re.sub(r"<(?:[^>]*:)?([a-z_]+)>", r"{\1}", rule)


def test_the_page_and_the_routes_agree(app: APIFlask) -> None:
    documented = set(re.findall(r"^\| `([A-Z]+ /api/[^`?]*)`", PAGE.read_text(), re.MULTILINE))
    routes = {
        f"{method} {_as_documented(rule.rule)}"
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert documented == routes
