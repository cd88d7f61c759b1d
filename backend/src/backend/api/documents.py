"""Documents: taking them in, showing them, following their progress."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request, send_file
from sqlalchemy.orm import Session

from backend.api import serializers
from backend.api.multipart import receive_upload
from backend.api.schemas import (
    DocumentAnswer,
    DocumentList,
    DocumentListQuery,
    HighlightQuery,
    HighlightsOut,
    PageOut,
)
from backend.api.services import services
from backend.auth.middleware import current_identity
from backend.db.repositories import collections, deletions, documents, pages
from backend.db.repositories.documents import DocumentRecord
from backend.errors import NotFound, ValidationFailed
from backend.files import ReceivedFile, shown_filename
from backend.ingest.extract.detect import detect_media_type
from backend.ingest.extract.layout import HighlightBox, highlight_boxes, unpack_boxes
from backend.ingest.intake import keep

blueprint = APIBlueprint("documents", __name__, url_prefix="/api/documents", tag="Documents")

# Browsers show these without running anything; every other type is only offered for saving.
_SHOWN_INLINE = frozenset(
    {"application/pdf", "text/plain", "image/png", "image/jpeg", "image/gif", "image/webp"}
)
_FILE_ANSWER: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"description": "The original file", "content": {"*/*": {}}}
}
_FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"


@blueprint.post("")
@blueprint.output(DocumentAnswer, status_code=202)
@blueprint.doc(responses={200: "The same bytes are there already: the existing document"})
def upload() -> tuple[dict[str, Any], int]:
    """Store a file and queue it. The same bytes again: the existing document."""
    config = services().config
    with receive_upload(request, services().file_store, config.max_upload_mb) as (name, received):
        document, is_new = _keep(shown_filename(name), received)
    return {"document": serializers.document(document)}, 202 if is_new else 200


def _keep(filename: str, received: ReceivedFile) -> tuple[DocumentRecord, bool]:
    media_type = detect_media_type(
        received.path, filename, ocr_enabled=services().config.ocr_enabled
    )
    with services().database.db_transaction() as session:
        return keep(
            session,
            services().file_store,
            received,
            current_identity().user_id,
            filename=filename,
            media_type=media_type,
        )


@blueprint.get("")
@blueprint.input(DocumentListQuery, location="query")
@blueprint.output(DocumentList)
def list_documents(query_data: DocumentListQuery) -> dict[str, Any]:
    """List the user's documents or those of one collection, newest first."""
    user_id, collection_id = current_identity().user_id, query_data.collection_id
    with services().database.db_session() as session:
        if collection_id is not None:
            collections.get(session, user_id, collection_id)
        records, next_cursor = documents.list_page(
            session, user_id, query_data.limit, query_data.cursor, collection_id
        )
    return {"items": [serializers.document(r) for r in records], "next_cursor": next_cursor}


@blueprint.get("/<id:document_id>")
@blueprint.output(DocumentAnswer)
def show(document_id: str) -> dict[str, Any]:
    """Return one document."""
    return {"document": serializers.document(_get(document_id))}


@blueprint.get("/<id:document_id>/file")
@blueprint.doc(responses=_FILE_ANSWER)
def show_file(document_id: str) -> Response:
    """Return the original file, whole or in ranges."""
    document = _get(document_id)
    path = services().file_store.path(document.sha256)
    if not path.is_file():
        raise NotFound("The original file is missing.")
    is_inline = document.media_type in _SHOWN_INLINE
    response = send_file(
        path,
        mimetype=document.media_type if is_inline else "application/octet-stream",
        as_attachment=not is_inline,
        download_name=PurePosixPath(document.filename).name,  # without an archive's folders
        etag=document.sha256,
    )
    response.cache_control.private = True
    response.headers["Content-Security-Policy"] = _FILE_POLICY
    return response


@blueprint.get(f"/<id:document_id>/pages/<int(min=1, max={2**31 - 1}):number>")
@blueprint.output(PageOut)
def show_page(document_id: str, number: int) -> dict[str, Any]:
    """Return a page's text as it was extracted."""
    with services().database.db_session() as session:
        page = pages.get(session, current_identity().user_id, document_id, number)
    return {"page": page.number, "text": page.text, "ocr": page.is_ocr}


@blueprint.get("/<id:document_id>/highlights")
@blueprint.input(HighlightQuery, location="query")
@blueprint.output(HighlightsOut)
def show_highlights(document_id: str, query_data: HighlightQuery) -> dict[str, Any]:
    """Return the rectangles that cover a stretch of a page's text; none without a layout."""
    with services().database.db_session() as session:
        page = pages.get_layout(session, current_identity().user_id, document_id, query_data.page)
    if not query_data.start <= query_data.end <= page.text_length:
        sentence = f"This page's text goes from 0 to {page.text_length}."
        raise ValidationFailed(sentence, details={"start": sentence, "end": sentence})
    boxes: list[HighlightBox] = []
    if page.layout is not None:
        boxes = highlight_boxes(unpack_boxes(page.layout), query_data.start, query_data.end)
    return {
        "page": page.number,
        "width": page.width,
        "height": page.height,
        "boxes": [asdict(box) for box in boxes],
    }


@blueprint.post("/<id:document_id>/cancel")
@blueprint.output(DocumentAnswer)
def cancel(document_id: str) -> dict[str, Any]:
    """Stop taking the document in; what is searchable stays so."""
    return _change(document_id, documents.cancel)


@blueprint.post("/<id:document_id>/retry")
@blueprint.output(DocumentAnswer)
def retry(document_id: str) -> dict[str, Any]:
    """Queue a failed or canceled document again."""
    return _change(document_id, documents.retry)


@blueprint.delete("/<id:document_id>")
@blueprint.output({}, status_code=204)
def delete(document_id: str) -> str:
    """Delete a document, with an archive what came from it; it is invisible at once."""
    user_id = current_identity().user_id
    with services().database.db_transaction() as session:
        deleted = deletions.mark_deleted(session, user_id, document_id)
    for deleted_id in deleted:
        services().emit("document_deleted", {"document_id": deleted_id}, user_id)
    return ""


def _get(document_id: str) -> DocumentRecord:
    with services().database.db_session() as session:
        return documents.get(session, current_identity().user_id, document_id)


def _change(
    document_id: str, change: Callable[[Session, str, str], DocumentRecord]
) -> dict[str, Any]:
    with services().database.db_transaction() as session:
        record = change(session, current_identity().user_id, document_id)
    return {"document": serializers.document(record)}
