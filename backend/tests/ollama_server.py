"""A real local server that speaks as Ollama does: OpenAI's protocol and its own lists."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from openai_server import OpenAIServer

_TAGS = ["words:latest", "modelfile:8b", "loaded:70b", "huge:cloud", "small:1b", "broken:1b"]
_INFO: dict[str, dict[str, Any]] = {
    "words:latest": {"model_info": {"llama.context_length": 131_072}},
    "modelfile:8b": {
        "model_info": {"qwen3.context_length": 40_960},
        "parameters": 'stop                           "<|im_end|>"\nnum_ctx    16384',
    },
    "loaded:70b": {"model_info": {"llama.context_length": 131_072}},
    "huge:cloud": {"model_info": {"x.context_length": 262_144}, "remote_host": "https://o.example"},
    "small:1b": {"model_info": {"gpt2.context_length": 1_024}, "capabilities": ["completion"]},
    "embedder": {"model_info": {"bert.context_length": 512}, "capabilities": ["embedding"]},
}


class _Handler(OpenAIServer.handler):  # type: ignore[name-defined, misc]
    def models(self) -> dict[str, Any]:
        if self.path == "/api/ps":
            loaded = self.fake.loaded.items()
            return {"models": [{"name": n, "context_length": size} for n, size in loaded]}
        assert self.path == "/api/tags", self.path
        return {"models": [{"name": name} for name in [*_TAGS, "embedder"]]}

    def answer(self) -> None:
        if self.path != "/api/show":
            super().answer()
            return
        name = self.read_json()["model"]
        if name in _INFO:
            self.send_json(200, _INFO[name])
        else:
            self.send_json(500, {"error": "no such blob"})


class OllamaServer(OpenAIServer):
    """Answers chat completions, and Ollama's own lists, on a free local port."""

    handler: ClassVar[Any] = _Handler

    def __init__(self) -> None:
        self.loaded = {"loaded:70b": 32_768}  # context sizes of the models in memory
        super().__init__()


@contextmanager
def run_ollama_server() -> Iterator[OllamaServer]:
    server = OllamaServer()
    try:
        yield server
    finally:
        server.close()
