"""What a user wants everywhere, and the prompts kept for asking."""

from typing import Any

from apiflask import APIBlueprint

from backend.api import serializers
from backend.api.asking_schemas import (
    NewPromptTemplate,
    PreferencesAnswer,
    PreferencesChange,
    PromptTemplateAnswer,
    PromptTemplateChange,
    PromptTemplateList,
)
from backend.api.schemas import ListQuery
from backend.api.services import services
from backend.auth.middleware import current_identity
from backend.db.repositories import preferences, prompt_templates
from backend.db.repositories.preferences import PreferencesRecord
from backend.errors import ValidationFailed

blueprint = APIBlueprint("preferences", __name__, url_prefix="/api", tag="Settings")

_NAME_MAX_CHARACTERS = 100


@blueprint.get("/settings/preferences")
@blueprint.output(PreferencesAnswer)
def show() -> dict[str, Any]:
    """Return what the user wants everywhere."""
    with services().database.db_session() as session:
        record = preferences.get(session, current_identity().user_id)
    return _answer(record)


@blueprint.patch("/settings/preferences")
@blueprint.input(PreferencesChange)
@blueprint.output(PreferencesAnswer)
def change(json_data: PreferencesChange) -> dict[str, Any]:
    """Change what is named; null is the default again."""
    changes: preferences.PreferencesChange = {}
    if "system_prompt" in json_data.model_fields_set:
        changes["system_prompt"] = (json_data.system_prompt or "").strip() or None
    if "memory_enabled" in json_data.model_fields_set:
        changes["memory_enabled"] = json_data.memory_enabled
    with services().database.db_transaction() as session:
        record = preferences.change(session, current_identity().user_id, changes)
    return _answer(record)


@blueprint.get("/prompt-templates")
@blueprint.input(ListQuery, location="query")
@blueprint.output(PromptTemplateList)
def list_templates(query_data: ListQuery) -> dict[str, Any]:
    """List the user's prompt templates by name."""
    with services().database.db_session() as session:
        records, next_cursor = prompt_templates.list_page(
            session, current_identity().user_id, query_data.limit, query_data.cursor
        )
    return {"items": [serializers.prompt_template(r) for r in records], "next_cursor": next_cursor}


@blueprint.post("/prompt-templates")
@blueprint.input(NewPromptTemplate)
@blueprint.output(PromptTemplateAnswer, status_code=201)
def create_template(json_data: NewPromptTemplate) -> dict[str, Any]:
    """Keep a prompt template; `{{name}}` in its text is a variable."""
    name, text = _name(json_data.name), _text(json_data.text)
    with services().database.db_transaction() as session:
        record = prompt_templates.create(session, current_identity().user_id, name, text)
    return {"prompt_template": serializers.prompt_template(record)}


@blueprint.patch("/prompt-templates/<id:template_id>")
@blueprint.input(PromptTemplateChange)
@blueprint.output(PromptTemplateAnswer)
def change_template(template_id: str, json_data: PromptTemplateChange) -> dict[str, Any]:
    """Change a prompt template's name or text."""
    name = None if json_data.name is None else _name(json_data.name)
    text = None if json_data.text is None else _text(json_data.text)
    with services().database.db_transaction() as session:
        record = prompt_templates.change(
            session, current_identity().user_id, template_id, name=name, text=text
        )
    return {"prompt_template": serializers.prompt_template(record)}


@blueprint.delete("/prompt-templates/<id:template_id>")
@blueprint.output({}, status_code=204)
def delete_template(template_id: str) -> str:
    """Delete a prompt template."""
    with services().database.db_transaction() as session:
        prompt_templates.remove(session, current_identity().user_id, template_id)
    return ""


def _answer(record: PreferencesRecord) -> dict[str, Any]:
    is_remembered = record.memory_enabled
    if is_remembered is None:
        is_remembered = services().config.memory_enabled
    return {"preferences": {"system_prompt": record.system_prompt, "memory_enabled": is_remembered}}


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= _NAME_MAX_CHARACTERS:
        sentence = f"A template's name has 1 to {_NAME_MAX_CHARACTERS} characters."
        raise ValidationFailed(sentence, details={"name": sentence})
    return name


def _text(text: str) -> str:
    text = text.strip()
    if not text:
        sentence = "A template needs a text."
        raise ValidationFailed(sentence, details={"text": sentence})
    return text
