"""Names in watched folders that are nobody's documents: hidden ones and programs' leftovers."""

import re

_TEMPORARY = re.compile(
    rb"""
      ~\$.* | .*~            # Office's owner files; backups of editors
    | \#.*\#                 # Emacs
    | 4913                   # Vim tries with it whether it may write
    | .*\.(tmp|temp|swp|swo|swx|swpx|bak|part|partial|crdownload|download|lock)
    | ~wr[dl]\d+\.\w+        # Word while it saves
    | thumbs\.db | desktop\.ini | ehthumbs\.db
    | \$recycle\.bin | system\ volume\ information | lost\+found
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def is_ignored(name: bytes) -> bool:
    """Return whether a file or folder of this name is passed over, with all that is in it."""
    return name.startswith(b".") or _TEMPORARY.fullmatch(name) is not None
