"""Names of files that somebody saves: fit for every system they may be saved on."""

import re
from typing import Final

from backend.files import shown_filename

_MAX_CHARACTERS: Final = 80
# What Windows, macOS or a shell would take for something else than a part of a name.
_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def saved_name(title: str, extension: str) -> str:
    """Return a file name made of `title`, in any script, and the extension (without a dot)."""
    name = shown_filename(_FORBIDDEN.sub(" ", title))
    name = " ".join(name.split())[:_MAX_CHARACTERS].strip(" .")
    if not name or _DEVICES.fullmatch(name):
        name = f"conversation {name}".strip()
    return f"{name}.{extension}"
