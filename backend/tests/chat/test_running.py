"""How an answer's text is gathered and passed on."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from backend.chat.events import AnswerText, ChatEvent
from backend.chat.running import RunningAnswer
from backend.db.repositories.messages import MessageRecord

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MESSAGE = MessageRecord(
    id="m",
    conversation_id="c",
    user_id="u",
    parent_id="q",
    role="assistant",
    content="",
    status="streaming",
    model="builtin:quotes",
    client_id=None,
    error=None,
    citations=[],
    memories=[],
    created_at=NOW,
    updated_at=NOW,
)


class Gathering:
    """A running answer with a clock that stands still unless it is moved."""

    def __init__(self, interval_s: float = 0.1) -> None:
        self.now_s = 0.0
        self.sent: list[AnswerText] = []
        self.answer = RunningAnswer(
            MESSAGE, self._publish, interval_s=interval_s, clock_s=lambda: self.now_s
        )

    def _publish(self, user_id: str, event: ChatEvent) -> None:
        assert user_id == "u"
        assert isinstance(event, AnswerText)
        self.sent.append(event)

    def check_sent(self, text: str) -> None:
        """The pieces follow each other without gap or overlap and make up `text`."""
        so_far = ""
        for piece in self.sent:
            assert piece.offset == len(so_far)
            assert piece.text
            so_far += piece.text
        assert so_far == text


# Whether to let time pass, send what is due, or read as chat_resume does after each piece.
_STEPS = st.lists(
    st.tuples(st.text(max_size=5), st.sampled_from(["nothing", "pass", "send", "read"]))
)


@given(_STEPS)
def test_the_pieces_put_together_are_the_providers_text(steps: list[tuple[str, str]]) -> None:
    gathering = Gathering()
    expected = ""
    for text, action in steps:
        assert gathering.answer.append(text)
        expected += text.replace("\x00", "")
        if action == "pass":
            gathering.now_s += 0.1
        elif action == "send":
            gathering.answer.send_if_due()
        elif action == "read":
            assert gathering.answer.read() == expected
            gathering.check_sent(expected)  # so that what follows continues from there
    assert gathering.answer.end()
    gathering.check_sent(expected)
    assert gathering.answer.read() == expected


@given(st.text(alphabet=st.characters(codec="utf-16"), max_size=30), st.data())
def test_characters_cut_in_halves_are_put_together(text: str, data: st.DataObject) -> None:
    text = text.replace("\x00", "") + "🗼"
    units = text.encode("utf-16-le")
    halves = [
        units[i : i + 2].decode("utf-16-le", "surrogatepass") for i in range(0, len(units), 2)
    ]
    gathering = Gathering()
    while halves:
        count = data.draw(st.integers(1, len(halves)))
        gathering.answer.append("".join(halves[:count]))
        halves = halves[count:]
    gathering.answer.end()
    gathering.check_sent(text)


@given(st.text(alphabet=st.characters(categories=["Cs", "Ll"])))
def test_whatever_arrives_can_be_stored(text: str) -> None:
    gathering = Gathering()
    gathering.answer.append(text)
    gathering.answer.read().encode()


def test_the_first_piece_goes_out_at_once_and_the_next_wait_their_turn() -> None:
    gathering = Gathering()
    for text in "abc":
        gathering.answer.append(text)
    assert [piece.text for piece in gathering.sent] == ["a"]
    gathering.answer.send_if_due()
    assert len(gathering.sent) == 1
    gathering.now_s = 0.1
    gathering.answer.send_if_due()
    assert [piece.text for piece in gathering.sent] == ["a", "bc"]


def test_offsets_count_code_points() -> None:
    gathering = Gathering(interval_s=0)
    for text in ("🗼", "é", "x"):
        gathering.answer.append(text)
    assert [piece.offset for piece in gathering.sent] == [0, 1, 2]


def test_nothing_is_taken_after_the_end() -> None:
    gathering = Gathering()
    gathering.answer.append("a")
    gathering.answer.append("b")
    assert gathering.answer.end()
    assert not gathering.answer.append("c")
    assert not gathering.answer.end()
    assert gathering.answer.read() == "ab"
    gathering.check_sent("ab")


def test_text_is_to_be_saved_when_it_has_grown_or_time_has_passed() -> None:
    gathering = Gathering()
    assert not gathering.answer.is_unsaved(heartbeat_s=20)
    gathering.answer.append("ab")
    assert gathering.answer.is_unsaved(heartbeat_s=20)
    gathering.answer.note_saved(2)
    assert not gathering.answer.is_unsaved(heartbeat_s=20)
    gathering.now_s = 20.0
    assert gathering.answer.is_unsaved(heartbeat_s=20)


def test_many_small_pieces_are_gathered_once_the_allowance_is_used_up() -> None:
    gathering = Gathering(interval_s=0.033)
    text = "word " * 2_000
    for start in range(0, len(text), 5):  # twenty words a second
        gathering.now_s += 0.05
        gathering.answer.append(text[start : start + 5])
        gathering.answer.send_if_due()
    gathering.answer.end()
    gathering.check_sent(text)
    at_once = [piece for piece in gathering.sent if len(piece.text) == 5]
    assert 300 < len(at_once) < 500  # an ordinary answer is not held back at all
    assert 12 * len(gathering.sent) <= 4096 + len(text) / 4 + 12
    assert max(len(piece.text) for piece in gathering.sent) <= 55  # two events a second


def test_text_of_a_slow_model_never_waits_for_longer_than_a_second() -> None:
    gathering = Gathering(interval_s=0.033)
    held_since_s = None
    for number in range(3_000):
        gathering.now_s += 0.25
        gathering.answer.append("a")
        gathering.answer.send_if_due()
        waiting = number + 1 - sum(len(piece.text) for piece in gathering.sent)
        held_since_s = (held_since_s or gathering.now_s) if waiting else None
        assert held_since_s is None or gathering.now_s - held_since_s < 1.0


def test_large_pieces_are_never_held_back() -> None:
    gathering = Gathering(interval_s=0.033)
    for _ in range(2_000):
        gathering.now_s += 0.05
        gathering.answer.append("a piece of several words, enough to pay its way ")
    assert len(gathering.sent) == 2_000
