"""Accounts and log-in sessions."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, after_this_request, request

from backend.api import serializers
from backend.api.schemas import (
    Credentials,
    InviteOut,
    LoggedIn,
    PasswordChange,
    Registration,
    SessionList,
    UserAnswer,
)
from backend.api.services import services
from backend.auth import accounts, sessions
from backend.auth.middleware import clear_session_cookie, current_identity, set_session_cookie
from backend.auth.sessions import NewSession
from backend.clock import to_wire

blueprint = APIBlueprint("auth", __name__, url_prefix="/api/auth", tag="Accounts")


@blueprint.post("/register")
@blueprint.input(Registration)
@blueprint.output(LoggedIn, status_code=201)
def register(json_data: Registration) -> dict[str, Any]:
    """Make an account; the first one is the administrator's."""
    user, new_session = accounts.register(
        services().database,
        services().config,
        username=json_data.username,
        password=json_data.password,
        invite=json_data.invite,
        user_agent=request.user_agent.string,
    )
    _remember(new_session)
    return serializers.logged_in(user, new_session)


@blueprint.post("/login")
@blueprint.input(Credentials)
@blueprint.output(LoggedIn)
def login(json_data: Credentials) -> dict[str, Any]:
    """Begin a session."""
    user, new_session = accounts.log_in(
        services().database,
        services().config,
        username=json_data.username,
        password=json_data.password,
        user_agent=request.user_agent.string,
    )
    _remember(new_session)
    return serializers.logged_in(user, new_session)


@blueprint.post("/logout")
@blueprint.output({}, status_code=204)
def logout() -> str:
    """End this session at once, its open sockets too."""
    identity = current_identity()
    sessions.revoke(services().database, identity.user_id, identity.session_id)
    services().disconnect_session(identity.session_id)

    @after_this_request
    def forget(response: Response) -> Response:
        clear_session_cookie(response)
        return response

    return ""


@blueprint.get("/me")
@blueprint.output(UserAnswer)
def me() -> dict[str, Any]:
    """Tell who asks."""
    user = accounts.get_user(services().database, current_identity().user_id)
    return {"user": serializers.user(user)}


@blueprint.post("/password")
@blueprint.input(PasswordChange)
@blueprint.output({}, status_code=204)
def change_password(json_data: PasswordChange) -> str:
    """Set a new password; all other sessions end."""
    ended = accounts.change_password(
        services().database,
        services().config,
        current_identity(),
        current_password=json_data.current_password,
        new_password=json_data.new_password,
    )
    for session_id in ended:
        services().disconnect_session(session_id)
    return ""


@blueprint.get("/sessions")
@blueprint.output(SessionList)
def list_sessions() -> dict[str, Any]:
    """List the user's sessions, the most recently used first."""
    identity = current_identity()
    records = sessions.list_sessions(services().database, identity.user_id)
    return {"items": [serializers.auth_session(r, identity.session_id) for r in records]}


@blueprint.delete("/sessions/<id:session_id>")
@blueprint.output({}, status_code=204)
def revoke_session(session_id: str) -> str:
    """End one of the user's sessions at once."""
    sessions.revoke(services().database, current_identity().user_id, session_id)
    services().disconnect_session(session_id)
    return ""


@blueprint.post("/invites")
@blueprint.output(InviteOut, status_code=201)
def create_invite() -> dict[str, Any]:
    """Make a code for one registration (administrators only)."""
    invite = accounts.create_invite(services().database, services().config, current_identity())
    return {"code": invite.code, "expires_at": to_wire(invite.expires_at)}


def _remember(new_session: NewSession) -> None:
    @after_this_request
    def set_cookie(response: Response) -> Response:
        set_session_cookie(response, services().config, new_session)
        return response
