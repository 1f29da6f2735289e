"""The rules that pages and the query API normalise with: the same files and saved mappings as the processor's."""

from functools import lru_cache
from typing import NamedTuple

from tool_errors.rules import registry_for
from trace_store.dialects import BUILT_IN
from trace_store.dialects.mapping_file import BadMapping
from trace_store.dialects.registry import DialectRegistry
from trace_store.mappings import MappingStore, SavedMapping


class MappingTexts(NamedTuple):
    """All mappings of one project, as text: can be handed to another process."""

    files: tuple[tuple[str, str], ...] = ()  # name and TOML
    saved: str = ""

    def registry(self) -> DialectRegistry:
        """The registry; a saved mapping that cannot be read any more is left out, as the processor does."""
        return _registry(self)


@lru_cache(maxsize=8)
def _registry(texts: MappingTexts) -> DialectRegistry:
    try:
        return registry_for(texts.files, texts.saved)
    except BadMapping:
        return registry_for(texts.files, "") if texts.files else BUILT_IN


class WebRules:
    """What a page reads a project's mappings with: one small query each time, so that a change shows at once."""

    def __init__(self, files: tuple[tuple[str, str], ...], store: MappingStore) -> None:
        self.files = files
        self.store = store

    async def saved(self, project_id: int) -> SavedMapping | None:
        """The saved mapping that counts."""
        return await self.store.newest(project_id)

    async def texts(self, project_id: int) -> MappingTexts:
        """All mappings of a project."""
        saved = await self.saved(project_id)
        return MappingTexts(self.files, saved.text if saved else "")

    async def registry(self, project_id: int) -> DialectRegistry:
        """The registry of a project."""
        return (await self.texts(project_id)).registry()
