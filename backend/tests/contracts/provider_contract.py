"""What every provider keeps to; inherited by one test class per provider."""

import pytest

from backend.llm.base import (
    ChatRequest,
    Finish,
    Model,
    Passage,
    Provider,
    Sentence,
    TextDelta,
    Turn,
    Usage,
)

_TEXT = "The lighthouse of Genoa is 77 metres high. It was rebuilt in 1543."


def make_request(model: str) -> ChatRequest:
    """Return a question with one passage that answers it."""
    question = "How high is the lighthouse?"
    passage = Passage(
        number=1,
        filename="lighthouse.pdf",
        start=0,
        text=_TEXT,
        score=0.9,
        sentences=(Sentence(0, 42, 1, 0.9), Sentence(43, len(_TEXT), 1, 0.1)),
    )
    return ChatRequest(
        model=model, turns=[Turn("user", question)], question=question, passages=[passage]
    )


class ProviderContract:
    @pytest.fixture
    def provider(self) -> Provider:
        raise NotImplementedError

    @pytest.fixture
    def model(self) -> str:
        """The name of a model that answers in several pieces."""
        raise NotImplementedError

    def test_an_answer_is_text_and_then_one_finish(self, provider: Provider, model: str) -> None:
        *before, last = provider.stream(make_request(model))
        assert isinstance(last, Finish)
        assert last.reason in ("stop", "length", "content_filter")
        assert any(isinstance(event, TextDelta) for event in before)
        for event in before:
            assert isinstance(event, TextDelta | Usage)
            if isinstance(event, TextDelta):
                assert event.text

    def test_the_answer_cites_the_passage(self, provider: Provider, model: str) -> None:
        events = provider.stream(make_request(model))
        text = "".join(event.text for event in events if isinstance(event, TextDelta))
        assert "77 metres" in text
        assert "[1]" in text

    def test_a_stream_can_be_closed_early(self, provider: Provider, model: str) -> None:
        stream = provider.stream(make_request(model))
        next(stream)
        stream.close()
        with pytest.raises(StopIteration):
            next(stream)

    def test_nothing_happens_before_the_first_event_is_asked_for(
        self, provider: Provider, model: str
    ) -> None:
        provider.stream(make_request(model)).close()

    def test_streams_do_not_disturb_each_other(self, provider: Provider, model: str) -> None:
        first, second = (provider.stream(make_request(model)) for _ in range(2))
        for one, other in zip(first, second, strict=True):
            assert one == other

    def test_models_are_listed_under_the_providers_name(self, provider: Provider) -> None:
        models = provider.list_models()
        assert models
        for model in models:
            assert isinstance(model, Model)
            assert model.id == f"{provider.name}:{model.name}"
            assert model.provider == provider.name
            assert model.ready
