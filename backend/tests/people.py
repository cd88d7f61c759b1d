"""Somebody who uses the application in a test."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Person:
    """Somebody with an account, logged in."""

    id: str
    username: str
    password: str
    token: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}
