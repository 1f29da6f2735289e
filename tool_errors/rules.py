"""The rules that traces are derived with: dialects, detectors, users' mappings and tool rules, prices, thresholds."""

import asyncio
import logging
from collections.abc import Sequence
from copy import copy
from dataclasses import astuple
from functools import lru_cache
from typing import TYPE_CHECKING

from tool_errors.failure.tool_rules import BadToolRules
from tool_errors.failure.tool_rules_in_use import tool_rules_in_use, use_saved_tool_rules
from tool_errors.judged import DETECTOR_VERSION
from tool_errors.loop.loop_steps import LoopThresholds
from tool_errors.loop.loops import DEFAULT_THRESHOLDS
from tool_errors.prices.prices_in_use import prices_in_use
from trace_store.dialects import BUILT_IN, with_mappings
from trace_store.dialects.mapping_file import BadMapping, parse_mappings
from trace_store.dialects.registry import DialectRegistry, UserMappings
from trace_store.facts import MAPPING_VERSION
from trace_store.model import DEFAULT_PROJECT_ID

if TYPE_CHECKING:  # `inspect` knows no database: the driver would be most of the time that it takes to start
    from trace_store.claim import Claim

MappingSources = Sequence[tuple[str, str]]  # a place, such as a file name, and the TOML text there
SAVED_PLACE = "the mapping saved on the settings page"

log = logging.getLogger(__name__)


def read_mapping_sources(sources: MappingSources) -> UserMappings:
    """The mappings of users; raises BadMapping naming place, entry and what to do."""
    return parse_mappings(sources, (dialect.name for dialect in BUILT_IN.dialects))


def derived_by(registry: DialectRegistry, loops: LoopThresholds = DEFAULT_THRESHOLDS) -> str:
    """Names rules: `mapping version.detector version`, the digest of users' mappings if any, "+", how it is judged."""
    return _named(registry.mappings.digest, loops, tool_rules_in_use().digest, prices_in_use().digest)


def derived_by_with(registry: DialectRegistry, in_force: str | None) -> str:
    """The rules `in_force` with the mappings of `registry`: for processes without the settings of the processor."""
    name = derived_by(registry)
    return name if in_force is None else name.partition("+")[0] + "+" + in_force.partition("+")[2]


@lru_cache(64)
def _named(mappings: str, loops: LoopThresholds, tool_rules: str, prices: str) -> str:
    """From digests: of the mappings and the tool rules "" for none; thresholds of loops are told unless default."""
    name = f"{MAPPING_VERSION}.{DETECTOR_VERSION}" + (f".{mappings}" if mappings else "")
    name += f"+prices-{prices}" + (f".tools-{tool_rules}" if tool_rules else "")
    thresholds = "-".join(str(value) for value in astuple(loops))
    return name if loops == DEFAULT_THRESHOLDS else f"{name}.loops-{thresholds}"


def registry_for(files: MappingSources, saved: str) -> DialectRegistry:
    """The registry of a project: mapping files first, then what it saved. Raises BadMapping."""
    sources = [*files, (SAVED_PLACE, saved)] if saved.strip() else files
    return with_mappings(read_mapping_sources(sources))


class ProjectRules:
    """The registry of each project; `refresh` picks up what was saved, within the claim that will use it."""

    def __init__(self, files: MappingSources = (), loops: LoopThresholds = DEFAULT_THRESHOLDS) -> None:
        self._files = files
        self.loops = loops
        self._default = registry_for(files, "")
        self._numbers: dict[int, int] = {}
        self._tool_rules_number = 0
        self._registries: dict[int, DialectRegistry] = {}
        self.in_force = asyncio.Event()  # set once the database knows which rules are
        self._told: set[int] = set()  # projects whose rules in force the database knows

    def as_they_are(self) -> "ProjectRules":
        """The rules of this moment, whatever `refresh` reads meanwhile."""
        same = copy(self)
        same._registries = dict(self._registries)
        return same

    def registry(self, project_id: int) -> DialectRegistry:
        """The registry of a project."""
        return self._registries.get(project_id, self._default)

    def derived_by(self, project_id: int) -> str:
        """The name of a project's rules."""
        return derived_by(self.registry(project_id), self.loops)

    async def refresh(self, claim: "Claim") -> None:
        """Reads the mappings and tool rules that changed, and says in the database which rules are in force."""
        for project_id, (number, text) in (await claim.mappings(self._numbers)).items():
            try:
                self._registries[project_id] = registry_for(self._files, text)
            except BadMapping as error:  # it could be read when it was saved: a file or a new version changed names
                log.warning("The saved mapping of project %d is left out: %s", project_id, error)
                self._registries[project_id] = self._default
            self._numbers[project_id] = number
            self._told.discard(project_id)
        await self._refresh_tool_rules(claim)
        projects = {unit.project_id for unit in claim.marks} if self._told else set(await claim.project_ids())
        for project_id in {DEFAULT_PROJECT_ID, *self._registries, *projects} - self._told:
            await claim.put_rules_in_force(project_id, self.derived_by(project_id))
            self._told.add(project_id)

    async def _refresh_tool_rules(self, claim: "Claim") -> None:
        """Those of all projects; the name of each project's rules changes with them."""
        found = await claim.saved_tool_rules(self._tool_rules_number)
        if found is not None:
            self._tool_rules_number = found[0]
            try:
                use_saved_tool_rules(found[1])
            except BadToolRules as error:  # it could be read when it was saved: a new version has other rules
                log.warning("The saved tool rules are left out: %s", error)
                use_saved_tool_rules("")
            self._told.clear()

    def confirm(self) -> None:
        """The claim is committed: the database knows which rules are in force."""
        self.in_force.set()

    def forget(self) -> None:
        """Says it again in the next claim, because this one was undone."""
        self._told.clear()
