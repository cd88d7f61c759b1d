"""Exports and imports: a conversation, a whole account, what other programs exported."""

from apiflask import APIBlueprint
from flask import Response

from backend.api.downloads import download
from backend.api.schemas import ConversationExportQuery
from backend.api.services import services
from backend.auth.middleware import current_identity
from backend.transfer.json_export import to_json
from backend.transfer.markdown_export import to_markdown
from backend.transfer.names import saved_name
from backend.transfer.transcript import Transcript

blueprint = APIBlueprint("transfer", __name__, url_prefix="/api", tag="Exports and imports")


@blueprint.get("/conversations/<id:conversation_id>/export")
@blueprint.input(ConversationExportQuery, location="query")
@blueprint.doc(
    responses={
        200: {
            "description": "The conversation as a file",
            "content": {"text/markdown": {}, "application/json": {}, "application/pdf": {}},
        }
    }
)
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
        return download(to_json(transcript), saved_name(title, "json"), "application/json")
    return download(
        to_markdown(transcript), saved_name(title, "md"), "text/markdown; charset=utf-8"
    )
