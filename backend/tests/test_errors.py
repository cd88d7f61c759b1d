"""The tree drawn in the docstring is the tree of the code; codes and messages are usable."""

import re

import pytest

from backend import errors
from backend.errors import DocChatError

CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, DocChatError)
]


def test_the_docstring_draws_every_class() -> None:
    assert errors.__doc__ is not None
    drawn = set(re.findall(r"\b[A-Z][A-Za-z]+\b", errors.__doc__))
    assert {cls.__name__ for cls in CLASSES} <= drawn


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_has_a_snake_case_code_a_status_and_a_sentence(
    cls: type[DocChatError],
) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", cls.code)
    assert 400 <= cls.status <= 599
    assert cls.default_message.endswith(".")
    assert cls().to_wire("r1") == {
        "code": cls.code,
        "message": cls.default_message,
        "details": None,
        "request_id": "r1",
    }
