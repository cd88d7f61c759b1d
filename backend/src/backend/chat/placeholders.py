"""`{{name}}` in prompts: which there are, and what stands in their place."""

import re
from collections.abc import Mapping
from typing import Final

# Letters, digits, underscores; blanks and hyphens inside.
_PLACEHOLDER: Final = re.compile(r"\{\{[ \t]*(\w(?:[\w -]{0,48}\w)?)[ \t]*\}\}")


def placeholder_names(text: str) -> list[str]:
    """Return the names in `text`, each once, in the order in which they appear."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """Put `values` in the place of their names; other placeholders stay as they are."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)
