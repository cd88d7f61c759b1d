"""Exports and imports: a conversation, a whole account, what other programs exported."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from backend.api import serializers
from backend.api.downloads import download
from backend.api.multipart import receive_upload
from backend.api.schemas import ConversationExportQuery, ImportOut
from backend.api.services import services
from backend.auth.middleware import current_identity
from backend.clock import utc_now
from backend.transfer.account_export import AccountExport
from backend.transfer.account_import import import_account
from backend.transfer.foreign_import import import_conversations
from backend.transfer.json_export import to_json
from backend.transfer.markdown_export import to_markdown
from backend.transfer.names import saved_name
from backend.transfer.pdf_export import to_pdf
from backend.transfer.transcript import Transcript

_Answers = dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]

_CONVERSATION_ANSWER: _Answers = {
    200: {
        "description": "The conversation as a file",
        "content": {"text/markdown": {}, "application/json": {}, "application/pdf": {}},
    }
}
_ARCHIVE_ANSWER: _Answers = {
    200: {"description": "The archive", "content": {"application/zip": {}}}
}

blueprint = APIBlueprint("transfer", __name__, url_prefix="/api", tag="Exports and imports")


@blueprint.get("/conversations/<id:conversation_id>/export")
@blueprint.input(ConversationExportQuery, location="query")
@blueprint.doc(responses=_CONVERSATION_ANSWER)
def export_conversation(conversation_id: str, query_data: ConversationExportQuery) -> Response:
    """Return a conversation to be saved: one branch, as JSON all branches."""
    transcript = Transcript(
        services().database,
        current_identity().user_id,
        conversation_id,
        query_data.message_id,
    )
    title = transcript.conversation.title
    if query_data.format == "json":
        return download(
            to_json(transcript, serializers.conversation, serializers.message),
            saved_name(title, "json"),
            "application/json",
        )
    if query_data.format == "pdf":
        return download(to_pdf(transcript), saved_name(title, "pdf"), "application/pdf")
    return download(
        to_markdown(transcript), saved_name(title, "md"), "text/markdown; charset=utf-8"
    )


@blueprint.get("/account/export")
@blueprint.doc(responses=_ARCHIVE_ANSWER)
def export_account() -> Response:
    """Return all that is the user's as one archive, but for keys, passwords and sessions."""
    export = AccountExport(services().database, services().file_store, current_identity().user_id)
    title = f"docchat {export.username} {utc_now():%Y-%m-%d}"
    return download(export, saved_name(title, "zip"), "application/zip")


@blueprint.post("/account/import")
@blueprint.output(ImportOut)
def import_archive() -> dict[str, Any]:
    """Add an archive of an account; what is there already stays as it is."""
    config = services().config
    with receive_upload(request, services().file_store, config.import_max_mb) as (_, received):
        report = import_account(
            config,
            services().database,
            services().file_store,
            current_identity().user_id,
            received.path,
        )
    return report.to_wire()


@blueprint.post("/conversations/import")
@blueprint.output(ImportOut)
def import_foreign_conversations() -> dict[str, Any]:
    """Add the conversations of an export of ChatGPT or Claude."""
    config = services().config
    with receive_upload(request, services().file_store, config.import_max_mb) as (_, received):
        report = import_conversations(
            config, services().database, current_identity().user_id, received.path
        )
    return report.to_wire()
