"""Is the process alive, and can it serve?"""

import logging
from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint

from backend.api.request_log import request_id
from backend.api.schemas import HealthOut
from backend.api.services import services
from backend.errors import Unavailable

logger = logging.getLogger(__name__)

blueprint = APIBlueprint("health", __name__, url_prefix="/api/health", tag="Server")


@blueprint.get("/live")
@blueprint.output(HealthOut)
def live() -> dict[str, Any]:
    """Answer as long as the process can."""
    return {"status": "ok", "checks": {}}


@blueprint.get("/ready")
@blueprint.output(HealthOut)
@blueprint.doc(responses={503: "Something is not ready; `checks` says what"})
def ready() -> dict[str, Any] | tuple[dict[str, Any], int]:
    """Check the database, the search index and the ingest worker."""
    checks = {name: _outcome(name, check) for name, check in services().checks.items()}
    if all(outcome == "ok" for outcome in checks.values()):
        return {"status": "ok", "checks": checks}
    error = Unavailable("The server is not ready yet.").to_wire(request_id())
    return {"status": "unavailable", "checks": checks, "error": error}, Unavailable.status


def _outcome(name: str, check: Callable[[], str | None]) -> str:
    try:
        return check() or "ok"
    except Exception:
        logger.warning("readiness check failed", extra={"check": name}, exc_info=True)
        return "failed"
