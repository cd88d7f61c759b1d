"""What an answer took is stored with it, as its provider counted."""

import pytest

from chat_house import QUOTES, House
from openai_server import OpenAIServer


def test_what_the_provider_counted_is_stored(house: House) -> None:
    started = house.ask("custom:words")
    house.recorder.end(started.assistant_message_id)
    metering = house.load(started.assistant_message_id).metering
    assert (metering.input_tokens, metering.output_tokens) == (12, 3)
    assert metering.stop_reason == "stop"


@pytest.mark.parametrize(
    ("model", "reason"), [("custom:truncated", "length"), ("custom:withheld", "content_filter")]
)
def test_why_the_model_stopped_is_stored(house: House, model: str, reason: str) -> None:
    started = house.ask(model)
    house.recorder.end(started.assistant_message_id)
    assert house.load(started.assistant_message_id).metering.stop_reason == reason


def test_nothing_is_invented_where_the_provider_does_not_count(
    house: House, openai_server: OpenAIServer
) -> None:
    stopped = house.start_gated(openai_server)
    house.engine.stop_answer(house.user_id, stopped.assistant_message_id)
    metering = house.load(stopped.assistant_message_id).metering
    assert (metering.input_tokens, metering.stop_reason) == (None, None)
    quoted = house.ask(QUOTES)
    house.recorder.end(quoted.assistant_message_id)
    assert house.load(quoted.assistant_message_id).metering.input_tokens is None
    failed = house.ask("custom:early-end")
    house.recorder.end(failed.assistant_message_id)
    assert house.load(failed.assistant_message_id).metering.output_tokens is None
