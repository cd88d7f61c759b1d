"""What an import did, in numbers and words."""

from dataclasses import dataclass, field
from typing import Any, Final

_MAX_PROBLEMS: Final = 200


@dataclass(slots=True)
class Tally:
    """How many were imported, and how many were there already or held nothing."""

    imported: int = 0
    skipped: int = 0

    def count(self, *, is_new: bool) -> None:
        """Add one."""
        if is_new:
            self.imported += 1
        else:
            self.skipped += 1

    def to_wire(self) -> dict[str, int]:
        return {"imported": self.imported, "skipped": self.skipped}


@dataclass(slots=True)
class Report:
    """`problems` are sentences about what was not taken in, the first of them only."""

    conversations: Tally = field(default_factory=Tally)
    messages: Tally = field(default_factory=Tally)
    documents: Tally = field(default_factory=Tally)
    collections: Tally = field(default_factory=Tally)
    problems: list[str] = field(default_factory=list)
    _more: int = 0

    def add_problem(self, sentence: str) -> None:
        """Note what was not taken in, and why."""
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(sentence)
        else:
            self._more += 1

    def to_wire(self) -> dict[str, Any]:
        """Return the report as JSON."""
        more = [f"And {self._more:,} more."] if self._more else []
        return {
            "imported": self.conversations.imported,
            "skipped": self.conversations.skipped,
            "conversations": self.conversations.to_wire(),
            "messages": self.messages.to_wire(),
            "documents": self.documents.to_wire(),
            "collections": self.collections.to_wire(),
            "problems": self.problems + more,
        }
