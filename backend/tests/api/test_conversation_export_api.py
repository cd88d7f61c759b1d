"""Conversations saved over HTTP."""

import pytest
from flask.testing import FlaskClient

from backend.db.session import Database
from people import Person
from written_conversation import WrittenConversation, add_document, write_conversation


@pytest.fixture
def written(database: Database, user: Person) -> WrittenConversation:
    document_id = add_document(database, user.id, "a" * 64)
    return write_conversation(database, user.id, document_id, title='Tür "4"/5')


def test_a_conversation_is_saved_as_markdown_under_its_title(
    client: FlaskClient, user: Person, written: WrittenConversation
) -> None:
    path = f"/api/conversations/{written.id}/export?format=markdown"
    response = client.get(path, headers=user.headers)
    assert response.status_code == 200
    assert response.mimetype == "text/markdown"
    assert response.text.startswith('# Tür "4"/5')
    disposition = response.headers["Content-Disposition"]
    assert (
        disposition == "attachment; filename=\"Tur 4 5.md\"; filename*=UTF-8''T%C3%BCr%204%205.md"
    )


def test_as_json_all_branches_are_saved_with_what_the_page_knows(
    client: FlaskClient, user: Person, written: WrittenConversation
) -> None:
    path = f"/api/conversations/{written.id}/export?format=json"
    saved = client.get(path, headers=user.headers).get_json()
    shown = client.get(f"/api/conversations/{written.id}", headers=user.headers).get_json()
    assert (saved["format"], saved["version"]) == ("docchat-conversation", 1)
    assert saved["branch"] == [written.question_id, written.second_answer_id]
    for name, value in shown["conversation"].items():
        if name in saved["conversation"]:
            assert saved["conversation"][name] == value
    assert [m["id"] for m in saved["messages"]] == [m["id"] for m in shown["messages"]]
    for mine, theirs in zip(saved["messages"], shown["messages"], strict=True):
        assert {name: mine[name] for name in theirs} == theirs
    assert user.id not in str(saved)


@pytest.mark.parametrize("format_", ["markdown", "json"])
def test_an_empty_conversation_can_be_saved(
    client: FlaskClient, user: Person, format_: str
) -> None:
    new = client.post("/api/conversations", json={}, headers=user.headers).get_json()
    path = f"/api/conversations/{new['conversation']['id']}/export?format={format_}"
    assert client.get(path, headers=user.headers).status_code == 200


def test_what_is_not_there_or_not_ones_own_cannot_be_saved(
    client: FlaskClient, user: Person, other_user: Person, written: WrittenConversation
) -> None:
    path = f"/api/conversations/{written.id}/export?format=json"
    assert client.get(path, headers=other_user.headers).status_code == 404
    assert client.get(f"{path}&message_id=x", headers=user.headers).status_code == 404
    assert client.get(path[:-4] + "docx", headers=user.headers).status_code == 422
