"""A user's models."""

import pytest

from backend.chat.models import ModelCatalog
from backend.db.repositories import api_keys
from backend.errors import ProviderAuth, ProviderUnreachable, UnknownModel, ValidationFailed
from backend.llm.registry import ModelLists
from chat_house import House, add_user, decrypt_plain
from ollama_server import run_ollama_server


def test_every_provider_is_listed_and_says_whether_it_is_ready(house: House) -> None:
    models = {model.id: model for model in house.catalog.list_models(house.user_id)}
    assert next(iter(models)) == "builtin:quotes"
    assert models["builtin:quotes"].ready
    assert models["custom:gpt-words"].ready
    assert not models["openai:"].ready
    assert models["openai:"].reason == "This provider needs a key. Add it in the settings."
    assert not models["grok:"].ready
    assert not models["anthropic:"].ready
    assert not models["google:"].ready


def test_nobody_sees_what_another_users_key_opens(house: House) -> None:
    other = add_user(house.database, "bob")
    [custom] = [m for m in house.catalog.list_models(other) if m.provider == "custom"]
    assert not custom.ready


def test_a_model_is_opened_with_the_users_own_access(house: House) -> None:
    provider, name = house.catalog.open(house.user_id, "custom:gpt-words")
    assert (provider.name, name) == ("custom", "gpt-words")
    with pytest.raises(UnknownModel):
        house.catalog.open(house.user_id, "nobody:x")


def test_a_list_follows_a_changed_address(house: House) -> None:
    assert any(m.id == "custom:gpt-words" for m in house.catalog.list_models(house.user_id))
    with house.database.db_transaction() as session:
        api_keys.put(
            session,
            house.user_id,
            "custom",
            key_encrypted=None,
            hint=None,
            base_url="http://127.0.0.1:9",
        )
    [custom] = [m for m in house.catalog.list_models(house.user_id) if m.provider == "custom"]
    assert not custom.ready


def test_access_can_be_tried_before_it_is_stored(house: House) -> None:
    with house.database.db_session() as session:
        stored = api_keys.get(session, house.user_id, "custom")
    assert stored is not None
    house.catalog.check("custom", "sk-1", stored.base_url)
    with pytest.raises(ProviderUnreachable):
        house.catalog.check("custom", None, "http://127.0.0.1:9/v1")
    with pytest.raises(ValidationFailed):
        house.catalog.check("custom", None, "file:///etc/passwd")
    with pytest.raises(ProviderAuth):
        house.catalog.check("custom", "sk-wrong", stored.base_url)


def test_a_provider_of_the_configuration_is_one_like_any_other(house: House) -> None:
    with house.database.db_session() as session:
        custom = api_keys.get(session, house.user_id, "custom")
    assert custom is not None
    config = house.config.model_copy(update={"custom_providers": f"lab={custom.base_url}"})
    catalog = ModelCatalog(house.database, config, decrypt_plain)
    assert catalog.provider_names[-1] == "lab"
    assert "lab:gpt-words" in [model.id for model in catalog.list_models(house.user_id)]
    provider, name = catalog.open(house.user_id, "lab:gpt-words")
    assert (provider.name, name) == ("lab", "gpt-words")
    catalog.check_model("lab:gpt-words")
    with pytest.raises(UnknownModel):
        house.catalog.check_model("lab:gpt-words")


def test_ollamas_window_is_the_one_it_has_now(house: House) -> None:
    with run_ollama_server() as ollama:
        url = ollama.base_url.removesuffix("/v1")
        config = house.config.model_copy(update={"ollama_url": url})
        before = ModelCatalog(house.database, config, decrypt_plain)
        assert before.open_with_window(house.user_id, "ollama:words:latest")[2] == 4_096
        ollama.loaded["words:latest"] = 65_536
        now = [0.0]
        before._lists = ModelLists(config, clock_s=lambda: now[0])
        assert before.open_with_window(house.user_id, "ollama:words:latest")[2] == 65_536
        ollama.loaded.clear()
        now[0] = 61.0
        assert before.open_with_window(house.user_id, "ollama:words:latest")[2] == 4_096
