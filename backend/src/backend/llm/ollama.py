"""Ollama: answers by its OpenAI-compatible side, models by its own API, which tells more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from backend.llm.base import Model
from backend.llm.failures import Refusal, retry_after_s, said
from backend.llm.openai import OpenAIProvider
from backend.llm.transport import failures_mapped, open_client

if TYPE_CHECKING:
    import httpx2

# What Ollama gives a model on a machine with less than 24 GiB of graphics memory unless told
# otherwise. Whatever is beyond it in a prompt is dropped without a word.
DEFAULT_CONTEXT_TOKENS: Final = 4_096

_ASKED_AT_A_TIME: Final = 8
_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)", re.M)


class OllamaProvider(OpenAIProvider):
    """Its list needs no SDK: looking whether Ollama runs costs next to nothing."""

    def list_models(self) -> list[Model]:
        import httpx2

        address = self._base_url.removesuffix("/v1")
        headers = {"Authorization": f"Bearer {self._api_key}"} if self._api_key else {}
        with (
            open_client(address, self._timeouts.for_lists()) as client,
            failures_mapped(
                self.name, httpx2.HTTPStatusError, self._describe_status, started=False
            ),
        ):
            client.base_url, client.headers = address, headers
            names = [entry["name"] for entry in _ask(client, "/api/tags")["models"]]
            running = {
                entry["name"]: entry.get("context_length")
                for entry in _ask(client, "/api/ps")["models"]
            }
            with ThreadPoolExecutor(_ASKED_AT_A_TIME, "ollama-show") as pool:
                shown = dict(
                    zip(names, pool.map(lambda name: _show(client, name), names), strict=True)
                )
        return [
            Model(
                id=f"{self.name}:{name}",
                provider=self.name,
                name=name,
                context_tokens=running.get(name) or effective_context(shown[name]),
            )
            for name in sorted(names)
            if "completion" in shown[name].get("capabilities", ["completion"])
        ]

    def _describe_status(self, error: Exception) -> Refusal | None:
        import httpx2

        if not isinstance(error, httpx2.HTTPStatusError):
            return None
        response = error.response
        is_json = "json" in response.headers.get("content-type", "")
        body = response.json() if is_json else None
        inner = body.get("error", body) if isinstance(body, dict) else None
        code = inner.get("code") if isinstance(inner, dict) else None
        return Refusal(
            self.name,
            response.status_code,
            (code,),
            said(inner),
            retry_after_s(response.headers),
            self._api_key,
        )


def effective_context(shown: Mapping[str, Any]) -> int | None:
    """Return the tokens a model takes that is not loaded, by what /api/show tells of it.

    That is `num_ctx` of its Modelfile, else Ollama's default, at most what the model can;
    None if nothing is told. Models that run in Ollama's cloud always get all they can.
    """
    info = shown.get("model_info") or {}
    most = next((value for key, value in info.items() if key.endswith(".context_length")), None)
    if shown.get("remote_host"):
        return most
    chosen = _NUM_CTX.search(shown.get("parameters") or "")
    if chosen:
        return min(int(chosen[1]), most or int(chosen[1]))
    return None if most is None else min(DEFAULT_CONTEXT_TOKENS, most)


def _ask(client: httpx2.Client, path: str) -> Any:
    return client.get(path).raise_for_status().json()


def _show(client: httpx2.Client, name: str) -> dict[str, Any]:
    response = client.post("/api/show", json={"model": name})
    # One model that is broken must not hide the others.
    shown = response.json() if response.is_success else {}
    return shown if isinstance(shown, dict) else {}
