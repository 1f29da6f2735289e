"""One step of the tree of a trace: what every pass over the whole tree looks at, and the rest when it is asked for.

A long trace has 20,000 of them and shows 250: these alone become rows of the page.
"""

from typing import Any, NamedTuple

from tool_errors.findings import FAILED
from trace_store.derived_rows import ToolCallRow
from trace_store.outline import OutlineRow
from trace_store.stored import TreeRow as StoredTreeRow
from web.pages.trace_views import FoldView
from web.pages.view_models import RowStatus, TreeRow

OUTCOME_LENGTH_MAX = 200
StoredRow = StoredTreeRow | OutlineRow


class TreeStep(NamedTuple):
    """A span, a parent that has not arrived, or a tool call that no span tells of; fields as those of TreeRow."""

    index: int  # type: ignore[assignment]  # a step is no sequence to look for values in
    parent_index: int
    depth: int
    span_id: str
    name: str
    type: str
    status: RowStatus
    child_count: int
    descendant_count: int
    errors_below: int
    soft_errors_below: int
    recovered: bool
    loop_id: str
    loop_place: str
    is_running: bool
    skew_ns: int
    start_unix_nano: int
    end_unix_nano: int
    own_output_tokens: int
    output_tokens: int
    call: ToolCallRow | None
    span: StoredRow | None  # None for what has no span
    is_hit: bool = False

    @property
    def has_span(self) -> bool:
        """False for a placeholder and for a call that messages alone tell of."""
        return self.span is not None

    @property
    def is_placeholder(self) -> bool:
        """Whether it stands for a parent that has not arrived."""
        return self.type == "missing"

    @property
    def duration_ns(self) -> int | None:
        """None while it runs, and for a call without a span."""
        return max(0, self.end_unix_nano - self.start_unix_nano) if self.end_unix_nano else None

    @property
    def call_key(self) -> str:
        """Of a tool call that has no span."""
        return self.call.call_key if self.call is not None and self.span is None else ""

    @property
    def secondary(self) -> str:
        """The model, or the arguments of the call."""
        if self.is_placeholder:
            return self.span_id
        return (self.call.arguments_preview if self.call is not None else facts_of(self.span).get("model")) or ""

    @property
    def evidence(self) -> str:
        """The rule by which a call failed and the place that shows it."""
        call = self.call
        return f"{call.rule} at {call.path}" if call is not None and call.status in FAILED else ""

    @property
    def outcome(self) -> str:
        """What came out of it: its error, its result, what the model said; cut to OUTCOME_LENGTH_MAX."""
        return self._outcome()[:OUTCOME_LENGTH_MAX]

    def _outcome(self) -> str:
        call = self.call
        if call is not None:
            error = ": ".join(part for part in (call.error_type, call.error_message) if part)
            return error if call.status in FAILED and error else call.result_preview or ""
        facts = facts_of(self.span)
        failure = facts.get("failure")
        error = ": ".join(str(part) for part in failure[2:4] if part) if failure else ""
        return error or str(facts.get("output_text") or "")


def facts_of(span: StoredRow | None) -> dict[str, Any]:
    """What its dialect says of a span; empty where none says anything."""
    return (None if span is None else span.facts) or {}


def fact_of(span: StoredRow | None, key: str) -> Any:
    """One thing that its dialect says of a span, else None; facts that cannot say it are not unpacked for it."""
    if isinstance(span, OutlineRow) and not span.may_tell(key):
        return None
    return facts_of(span).get(key)


def row_of(step: TreeStep, url: str, bar: tuple[float, float], fold: FoldView | None = None) -> TreeRow:
    """The step as a row of the page."""
    return TreeRow(
        index=step.index,
        parent_index=step.parent_index,
        depth=step.depth,
        span_id=step.span_id,
        url=url,
        name=step.name,
        type=step.type,
        secondary=step.secondary,
        status=step.status,
        evidence=step.evidence,
        child_count=step.child_count,
        descendant_count=step.descendant_count,
        errors_below=step.errors_below,
        soft_errors_below=step.soft_errors_below,
        recovered=step.recovered,
        loop_id=step.loop_id,
        loop_place=step.loop_place,
        has_span=step.has_span,
        is_placeholder=step.is_placeholder,
        is_running=step.is_running,
        duration_ns=step.duration_ns,
        left_percent=bar[0],
        width_percent=bar[1],
        skew_ns=step.skew_ns,
        call_key=step.call_key,
        outcome=step.outcome,
        start_unix_nano=step.start_unix_nano,
        end_unix_nano=step.end_unix_nano,
        own_output_tokens=step.own_output_tokens,
        output_tokens=step.output_tokens,
        fold=fold,
        is_hit=step.is_hit,
    )
