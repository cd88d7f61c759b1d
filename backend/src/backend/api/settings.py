"""Providers of language models, a user's keys and the models they open; the search model."""

from typing import Any

from apiflask import APIBlueprint

from backend.api import serializers
from backend.api.schemas import ApiKeyAnswer, ApiKeyChange, ApiKeyList, ModelList, SearchModelOut
from backend.api.services import services
from backend.auth.middleware import current_identity
from backend.db.repositories import api_keys, embedding_models, reembedding
from backend.errors import ValidationFailed

blueprint = APIBlueprint("settings", __name__, url_prefix="/api", tag="Settings")

_HINT_CHARACTERS = 4


@blueprint.get("/settings/api-keys")
@blueprint.output(ApiKeyList)
def list_api_keys() -> dict[str, Any]:
    """List the providers the user has set up (never the keys), and those there are."""
    with services().database.db_session() as session:
        records = api_keys.list_for_user(session, current_identity().user_id)
    return {
        "items": [serializers.api_key(record) for record in records],
        "available": list(services().providers),
    }


@blueprint.put("/settings/api-keys/<provider>")
@blueprint.input(ApiKeyChange)
@blueprint.output(ApiKeyAnswer)
def put_api_key(provider: str, json_data: ApiKeyChange) -> dict[str, Any]:
    """Set up a provider. A field left out stays as it was; null removes it.

    What is sent is tried first, by asking the provider for its models; what does not work is
    not stored.
    """
    user_id = current_identity().user_id
    _check_provider(provider)
    sent = json_data.model_fields_set
    key = _checked_key(json_data.key)
    base_url = _checked_base_url(json_data.base_url)
    with services().database.db_session() as session:
        before = api_keys.get(session, user_id, provider)
    if "base_url" not in sent and before:
        base_url = before.base_url
    key_encrypted = before.key_encrypted if before else None
    hint = before.hint if before else None
    if "key" in sent:
        key_encrypted = services().secret_box.encrypt(key) if key else None
        hint = _hint(key)
    if key_encrypted is None and base_url is None:
        raise _invalid(key="Enter a key or an address.")
    if json_data.key is not None or json_data.base_url is not None:
        # Removing a half always works, so only what is added is tried.
        known = key_encrypted and services().secret_box.decrypt(key_encrypted)
        services().check_access(provider, known or None, base_url)
    with services().database.db_transaction() as session:
        record = api_keys.put(
            session,
            user_id,
            provider,
            key_encrypted=key_encrypted,
            hint=hint,
            base_url=base_url,
        )
    return {"api_key": serializers.api_key(record)}


@blueprint.delete("/settings/api-keys/<provider>")
@blueprint.output({}, status_code=204)
def delete_api_key(provider: str) -> str:
    """Forget a provider's key and address."""
    with services().database.db_transaction() as session:
        api_keys.remove(session, current_identity().user_id, provider)
    return ""


@blueprint.get("/models")
@blueprint.output(ModelList)
def list_models() -> dict[str, Any]:
    """List the models the user may ask; what is not ready carries a reason."""
    return {"items": services().list_models(current_identity().user_id)}


@blueprint.get("/search-model")
@blueprint.output(SearchModelOut)
def get_search_model() -> dict[str, Any]:
    """Tell which embedding model answers, and how far the one that will follow it is."""
    with services().database.db_session() as session:
        models = embedding_models.load_if_any(session)
        if models is None or models.next is None:
            return {"serving": models and models.serving.name, "next": None, "progress": None}
        progress = reembedding.progress(session, models.next.name)
    return {
        "serving": models.serving.name,
        "next": models.next.name,
        "progress": {
            "done": progress.done,
            "failed": progress.failed,
            "total": progress.total,
        },
    }


def _check_provider(provider: str) -> None:
    if provider not in services().providers:
        raise _invalid(provider=f"Choose one of: {', '.join(services().providers)}.")


def _checked_key(key: str | None) -> str | None:
    if key is None:
        return None
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise _invalid(key="A key consists of letters, digits and signs, without spaces.")
    return key


def _hint(key: str | None) -> str | None:
    """Return the key's end, unless that were half of it."""
    return key[-_HINT_CHARACTERS:] if key and len(key) >= 2 * _HINT_CHARACTERS else None


def _checked_base_url(base_url: str | None) -> str | None:
    if base_url is None or not base_url.strip():
        return None
    return services().check_base_url(base_url)


def _invalid(**details: str) -> ValidationFailed:
    return ValidationFailed(" ".join(details.values()), details=details)
