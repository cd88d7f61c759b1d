"""What a page has to know before anybody is logged in."""

from typing import Any

from apiflask import APIBlueprint

from backend import __version__
from backend.api.schemas import ConfigOut
from backend.api.services import services
from backend.auth import accounts
from backend.ingest.extract.registry import accepted_types

blueprint = APIBlueprint("config", __name__, url_prefix="/api", tag="Server")


@blueprint.get("/config")
@blueprint.output(ConfigOut)
def show() -> dict[str, Any]:
    """Return the public part of the configuration."""
    config = services().config
    return {
        "setup_required": accounts.setup_required(services().database),
        "signup_enabled": config.signup_enabled,
        "api_timeout_ms": config.api_timeout_ms,
        "max_upload_bytes": config.max_upload_bytes,
        "memory_enabled": config.memory_enabled,
        "accepted_types": accepted_types(ocr_enabled=config.ocr_enabled),
        "version": __version__,
    }
