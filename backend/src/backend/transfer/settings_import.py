"""Preferences and prompt templates of an archive; what the user has chosen here stays."""

from collections.abc import Sequence
from contextlib import suppress

from backend.db.repositories import preferences, prompt_templates, transfers
from backend.db.repositories.preferences import PreferencesChange, PreferencesRecord
from backend.db.session import Database
from backend.errors import Conflict, NotFound
from backend.transfer.account_format import PreferencesLine, SettingLine, TemplateLine
from backend.transfer.report import Report


class SettingsImport:
    """Adds templates by name and fills in preferences that were never chosen here."""

    def __init__(self, database: Database, user_id: str, report: Report) -> None:
        self._database = database
        self._user_id = user_id
        self._report = report
        self._before: PreferencesRecord | None = None
        self._added_templates: list[str] = []

    def run(self, lines: Sequence[SettingLine]) -> None:
        """Add what is not there."""
        for line in lines:
            if line.preferences is not None:
                self._fill_in(line.preferences)
            if line.template is not None:
                self._add(line.template)

    def undo(self) -> None:
        """Take back what was added."""
        for template_id in self._added_templates:
            with suppress(NotFound), self._database.db_transaction() as session:
                prompt_templates.remove(session, self._user_id, template_id)
        if self._before is not None:
            before = PreferencesChange(
                system_prompt=self._before.system_prompt,
                memory_enabled=self._before.memory_enabled,
            )
            with self._database.db_transaction() as session:
                preferences.change(session, self._user_id, before)

    def _fill_in(self, line: PreferencesLine) -> None:
        with self._database.db_transaction() as session:
            before = preferences.get(session, self._user_id)
            changes = PreferencesChange()
            if before.system_prompt is None and line.system_prompt is not None:
                changes["system_prompt"] = line.system_prompt
            if before.memory_enabled is None and line.memory_enabled is not None:
                changes["memory_enabled"] = line.memory_enabled
            if changes:
                preferences.change(session, self._user_id, changes)
                self._before = self._before or before

    def _add(self, line: TemplateLine) -> None:
        try:
            with self._database.db_transaction() as session:
                added = transfers.add_template(
                    session, self._user_id, line.name, line.text, line.created_at, line.updated_at
                )
        except Conflict as error:
            self._report.add_problem(f"The prompt template “{line.name}”: {error.message}")
            return
        if added is not None:
            self._added_templates.append(added)
