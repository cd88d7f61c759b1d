"""Users' access to providers, as stored."""

import pytest

from backend.clock import utc_now
from backend.db.models import User
from backend.db.repositories import api_keys
from backend.db.session import Database
from backend.errors import NotFound


def test_a_key_is_stored_replaced_and_forgotten(any_database: Database) -> None:
    with any_database.db_transaction() as session:
        user = User(
            username="ann", username_key="ann", password_hash="x", role="user", created_at=utc_now()
        )
        session.add(user)
        session.flush()
        user_id = user.id
        first = api_keys.put(
            session, user_id, "openai", key_encrypted=b"1", hint="abcd", base_url=None
        )
    with any_database.db_transaction() as session:
        second = api_keys.put(
            session, user_id, "openai", key_encrypted=b"2", hint="efgh", base_url="http://x"
        )
        assert second.created_at == first.created_at
        assert second.updated_at > first.updated_at
    with any_database.db_session() as session:
        assert api_keys.list_for_user(session, user_id) == [second]
        assert api_keys.get(session, user_id, "openai") == second
        assert api_keys.get(session, "somebody", "openai") is None
    assert "b'2'" not in repr(second)
    with any_database.db_transaction() as session, pytest.raises(NotFound):
        api_keys.remove(session, "somebody", "openai")
    with any_database.db_transaction() as session:
        api_keys.remove(session, user_id, "openai")
    with any_database.db_session() as session:
        assert api_keys.list_for_user(session, user_id) == []
