"""Context sizes of hosted models whose provider's list tells none, by family.

Taken from the providers' model pages; a model that fits no line has no known size rather
than a guessed one. The first line that matches counts.
"""

import re
from typing import Final

_SIZES: Final[dict[str, tuple[tuple[str, int], ...]]] = {
    "openai": (
        (r"gpt-5(\.[12])?-chat", 128_000),
        (r"gpt-5(\.[12])?(-(mini|nano|pro))?(-\d{4}-.*)?$", 400_000),
        (r"gpt-4\.1", 1_047_576),
        (r"(chatgpt-4o|gpt-4o|gpt-4-turbo|gpt-4\.5)", 128_000),
        (r"gpt-4(-0613|-0314)?$", 8_192),
        (r"gpt-3\.5-turbo", 16_385),
        (r"(o1|o3|o4)-(mini|pro)", 200_000),
        (r"(o1|o3)(-\d{4}-.*)?$", 200_000),
    ),
    "grok": (
        (r"grok-4(-1|\.1)?-fast", 2_000_000),
        (r"grok-4\.(20|3)", 1_000_000),
        (r"grok-4\.5", 500_000),
        (r"grok-4(-0709|-latest)?$", 256_000),
        (r"grok-code-fast", 256_000),
        (r"grok-3", 131_072),
    ),
}


def context_tokens(provider: str, model: str) -> int | None:
    """Return the size of the model's context window in tokens, None if it is not known."""
    families = _SIZES.get(provider, ())
    return next((size for pattern, size in families if re.match(pattern, model)), None)
