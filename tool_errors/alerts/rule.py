"""An alert rule as a checked value: JSON in, clear sentences out.

    {"kind": "count", "counts": "users", "at_least": 5, "window_s": 3600, "per": "issue", "filters": {"tool": "search"}}

docs/alerts.md tells every key. Unknown keys are refused, so that a misspelt filter never widens a rule.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from trace_store.exceptions import RainbarrelError

MINUTE_S, DAY_S = 60, 86_400
FINDING_KINDS = ("tool_error", "soft_error", "unanswered", "schema_violation", "loop")
FindingKind = Literal["tool_error", "soft_error", "unanswered", "schema_violation", "loop"]
FAILED_CALLS: tuple[FindingKind, ...] = ("tool_error", "soft_error", "unanswered")
SIGNAL_OF_TOOL = "tool_error:"  # and the name of the tool
SIGNAL_OF_LOOPS = "loop"  # all of them
SIGNAL_OF_LOOP = "loop:"  # and its tools, with commas
SIGNAL_POSTED = "feedback:"  # and the name that applications post
Word = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]
Properties = Annotated[dict[Word, Word | bool | int | float], Field(min_length=1, max_length=10)]
Seconds = Annotated[int, Field(ge=MINUTE_S, le=30 * DAY_S)]


class BadRule(RainbarrelError):
    """This is no alert rule."""


class _Checked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Filters(_Checked):
    """Which findings count: those that pass all that is given."""

    tool: Word | None = None
    issue: Word | None = None  # fingerprint
    kinds: Annotated[tuple[FindingKind, ...], Field(min_length=1)] | None = None
    signal: Word | None = None  # a derived one, else the name of one's own
    release: Word | None = None
    environment: Word | None = None
    user: Word | None = None
    conversation: Word | None = None
    service: Word | None = None
    agent: Word | None = None
    properties: Properties | None = None  # of the interaction, as the application posted them
    traits: Properties | None = None  # of the user

    @property
    def own_signal(self) -> str | None:
        """The signal whose matches count, or the posted one whose posts do; None when findings do."""
        return None if self.signal is None or is_derived_signal(self.signal) else self.signal

    @property
    def _source(self) -> str:
        if self.own_signal is None:
            return "finding"
        return "feedback" if self.own_signal.startswith(SIGNAL_POSTED) else "match"

    def columns(self) -> dict[str, Any]:
        """The filter as FILTER_COLUMNS; a derived signal is a tool and its kinds of failure, or loops."""
        kinds, tool = self.kinds, self.tool
        if self.signal is not None and self.own_signal is None:
            is_of_tool = self.signal.startswith(SIGNAL_OF_TOOL)
            of_signal = FAILED_CALLS if is_of_tool else ("loop",)
            kinds = of_signal if kinds is None else tuple(kind for kind in kinds if kind in of_signal)
            if self.signal != SIGNAL_OF_LOOPS:
                tool = self.signal.removeprefix(SIGNAL_OF_TOOL if is_of_tool else SIGNAL_OF_LOOP)
        return {
            "tool": tool,
            "fingerprint": self.issue,
            "kinds": None if kinds is None else list(kinds),
            "release": self.release,
            "environment": self.environment,
            "user_id": self.user,
            "conversation_id": self.conversation,
            "service": self.service,
            "agent": self.agent,
            "source": self._source,
            "signal": self.own_signal and self.own_signal.removeprefix(SIGNAL_POSTED),
            "properties": self.properties and json.dumps(self.properties),
            "traits": self.traits and json.dumps(self.traits),
        }


class _OfFindings(_Checked):
    filters: Filters = Filters()


class CountRule(_OfFindings):
    """So many events, or distinct users, within a window; for all together, or for each issue or tool."""

    kind: Literal["count"]
    counts: Literal["events", "users"] = "events"
    at_least: int = Field(ge=1, le=1_000_000)
    window_s: Seconds
    per: Literal["rule", "issue", "tool"] = "rule"


class RateRule(_Checked):
    """A tool fails more often than in its own last week."""

    kind: Literal["rate"]
    tool: Word
    window_s: int = Field(default=3600, ge=MINUTE_S, le=DAY_S)
    times: float = Field(default=2.0, ge=1.0, le=1000.0)  # the rate of the last week
    rate_at_least: float = Field(default=0.05, gt=0.0, le=1.0)
    calls_min: int = Field(default=20, ge=1, le=100_000)  # within the window; fewer say nothing


class FirstSeenRule(_OfFindings):
    """An issue that was never seen before."""

    kind: Literal["first_seen"]


class RegressionRule(_OfFindings):
    """An issue that was called resolved happens again."""

    kind: Literal["regression"]


class MatchRule(_OfFindings):
    """Every finding, one message each."""

    kind: Literal["match"]


Definition = CountRule | RateRule | FirstSeenRule | RegressionRule | MatchRule
EventDefinition = FirstSeenRule | RegressionRule | MatchRule  # what happens once, and cannot be resolved
_ADAPTER: TypeAdapter[Definition] = TypeAdapter(Annotated[Definition, Field(discriminator="kind")])


def read_definition(given: Any) -> Definition:
    """The definition of a rule from JSON; BadRule names the key, what is wrong with it and what is possible."""
    try:
        definition = _ADAPTER.validate_python(given)
    except ValidationError as error:
        raise BadRule(" ".join(_sentence(problem) for problem in error.errors())) from None
    if not isinstance(definition, RateRule):
        _check_signal(definition)
    return definition


def is_derived_signal(name: str) -> bool:
    """Whether a signal is made of findings."""
    return name == SIGNAL_OF_LOOPS or name.startswith((SIGNAL_OF_TOOL, SIGNAL_OF_LOOP))


def _check_signal(definition: CountRule | EventDefinition) -> None:
    filters = definition.filters
    if filters.own_signal is not None:
        if given := [name for name in ("tool", "issue", "kinds") if getattr(filters, name) is not None]:
            raise BadRule(f"Signal {filters.signal} is no failure and has no {given[0]}: leave {given[0]} out.")
        if isinstance(definition, RegressionRule):
            raise BadRule(f"Signal {filters.signal} is nothing that somebody resolves: regression is of issues.")
        if isinstance(definition, CountRule) and definition.per != "rule":
            raise BadRule(f"Matches of signal {filters.signal} are counted all together: per is rule.")
        return
    if filters.tool not in (None, filters.columns()["tool"]):
        raise BadRule(f"tool {filters.tool} and signal {filters.signal} exclude each other: leave one out.")
    if filters.columns()["kinds"] == []:
        raise BadRule(f"kinds {', '.join(filters.kinds or ())} and signal {filters.signal} exclude each other.")


def stored_definition(definition: Definition) -> dict[str, Any]:
    """The definition as it is stored and shown: every value, but no filter that is not set."""
    stored = definition.model_dump(mode="json")
    if "filters" in stored:
        stored["filters"] = {name: value for name, value in stored["filters"].items() if value is not None}
    return stored


def _sentence(problem: Any) -> str:
    if problem["type"] in ("union_tag_invalid", "union_tag_not_found", "model_attributes_type"):
        return "A rule is a JSON object whose kind is count, rate, first_seen, regression or match."
    place = ".".join(str(part) for part in problem["loc"][1:])
    if problem["type"] == "extra_forbidden":
        return f"{place} is nothing that this kind of rule has: leave it out."
    if problem["type"] == "missing":
        return f"{place} is missing."
    return f"{place}: {problem['msg']}, not {str(problem['input'])[:80]}."
