"""Doc Chat: a private document chat. `docs/overview.md` walks through the package."""

__version__ = "0.1.0"
