"""Bodies about how models are asked: preferences, prompt templates, usage."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from backend.api.schemas import SYSTEM_PROMPT_MAX_CHARACTERS, Body, Text, TokenCounts

TEMPLATE_MAX_CHARACTERS = 16_000


class PreferencesChange(Body):
    system_prompt: Text | None = Field(default=None, max_length=SYSTEM_PROMPT_MAX_CHARACTERS)
    memory_enabled: bool | None = None


class PreferencesOut(BaseModel):
    system_prompt: str | None
    memory_enabled: bool


class PreferencesAnswer(BaseModel):
    preferences: PreferencesOut


class NewPromptTemplate(Body):
    name: Text = Field(max_length=1_000)
    text: Text = Field(max_length=TEMPLATE_MAX_CHARACTERS)


class PromptTemplateChange(Body):
    name: Text | None = Field(default=None, max_length=1_000)
    text: Text | None = Field(default=None, max_length=TEMPLATE_MAX_CHARACTERS)


class PromptTemplateOut(BaseModel):
    id: str
    name: str
    text: str
    variables: list[str]
    created_at: str
    updated_at: str


class PromptTemplateAnswer(BaseModel):
    prompt_template: PromptTemplateOut


class PromptTemplateList(BaseModel):
    items: list[PromptTemplateOut]
    next_cursor: str | None


def _iso_time(value: object) -> object:
    # In a query string an unescaped "+" arrives as a blank.
    return value.strip().replace(" ", "+") if isinstance(value, str) else value


class UsageQuery(BaseModel):
    conversation_id: Text | None = Field(default=None, max_length=64)
    since: Annotated[AwareDatetime | None, BeforeValidator(_iso_time)] = None


class UsageTotal(TokenCounts):
    message_count: int
    unknown_count: int


class ModelUsageOut(UsageTotal):
    model: str


class UsageAnswer(BaseModel):
    items: list[ModelUsageOut]
    total: UsageTotal
