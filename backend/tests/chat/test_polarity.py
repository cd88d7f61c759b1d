"""Negations and opposites."""

import pytest

from backend.chat.polarity import contradicts


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("The bridge is open.", "The bridge is not open."),
        ("The bridge isn't open.", "The bridge is open."),
        ("Nobody was hurt.", "Two people were hurt."),
        ("Profit rose by 7%.", "Profit fell by 7%."),
        ("Profit fell because of cheap energy.", "Profit grew because of cheap energy."),
        ("Dogs are allowed.", "Dogs are forbidden."),
        ("Der Garten ist nicht offen.", "Der Garten ist offen."),
        ("La cave est fermée.", "La cave n'est pas fermée."),
        ("Se vende pescado.", "No se vende pescado."),
    ],
)
def test_the_opposite_is_noticed(claim: str, sentence: str) -> None:
    assert contradicts(claim, sentence)


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("The bridge is not open.", "No, the bridge is not open."),
        ("The pool will stay open.", "The pool will not be closed."),
        ("The tower is old.", "The tower is not only old but high."),
        ("The work ended in May.", "The work ended no later than May."),
        ("Costs fell in Norway.", "In Sweden costs rose, in Norway costs fell."),
        ("Ferries stopped calling in 2004.", "Since 2004 no ferries have called."),
        ("Profit fell by 7%.", "Profit, however, fell by 7% because of higher prices."),
        ("Returns need no reason.", "Returns are possible without a reason."),
        ("", ""),
    ],
)
def test_what_says_the_same_is_no_contradiction(claim: str, sentence: str) -> None:
    assert not contradicts(claim, sentence)
