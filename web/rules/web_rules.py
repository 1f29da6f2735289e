"""The rules that pages and the query API normalise and judge with: the files and saved texts of the processor."""

from functools import lru_cache
from typing import Any, NamedTuple

import psycopg
from psycopg_pool import AsyncConnectionPool

from tool_errors.failure.tool_rules import BadToolRules
from tool_errors.failure.tool_rules_in_use import use_saved_tool_rules
from tool_errors.rules import registry_for
from trace_store.dialects import BUILT_IN
from trace_store.dialects.mapping_file import BadMapping
from trace_store.dialects.registry import DialectRegistry
from trace_store.versioned_texts import SavedText, VersionedText, newest_rules, saved_mapping, saved_tool_rules

Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]


class MappingTexts(NamedTuple):
    """All mappings of one project and the saved tool rules, as text: can be handed to another process."""

    files: tuple[tuple[str, str], ...] = ()  # name and TOML
    saved: str = ""
    tool_rules: str = ""

    def registry(self) -> DialectRegistry:
        """The registry; the tool rules are in force in this process from now on.

        What was saved and cannot be read any more is left out, as the processor does.
        """
        try:
            use_saved_tool_rules(self.tool_rules)
        except BadToolRules:
            use_saved_tool_rules("")
        return _registry(self.files, self.saved)


@lru_cache(maxsize=8)
def _registry(files: tuple[tuple[str, str], ...], saved: str) -> DialectRegistry:
    try:
        return registry_for(files, saved)
    except BadMapping:
        return registry_for(files, "") if files else BUILT_IN


class WebRules:
    """What a page reads a project's rules with: a small query each time, so that a change shows at once."""

    def __init__(self, files: tuple[tuple[str, str], ...], pool: Pool) -> None:
        self.files = files
        self._pool = pool
        self.tool_rules = saved_tool_rules(pool)

    def mapping(self, project_id: int) -> VersionedText:
        """The saved mapping of a project, in all its versions."""
        return saved_mapping(self._pool, project_id)

    async def saved(self, project_id: int) -> SavedText | None:
        """The saved mapping that counts."""
        return await self.mapping(project_id).newest()

    async def texts(self, project_id: int) -> MappingTexts:
        """All mappings of a project, and the saved tool rules."""
        return self.texts_with(*await newest_rules(self._pool, project_id))

    def texts_with(self, saved: str, tool_rules: str) -> MappingTexts:
        """The same where what is saved was read already."""
        return MappingTexts(self.files, saved, tool_rules)

    async def registry(self, project_id: int) -> DialectRegistry:
        """The registry of a project."""
        return (await self.texts(project_id)).registry()
