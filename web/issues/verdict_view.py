"""What was said of the findings that a call is part of: its failure and its loop; and what may be said of them."""

from collections.abc import Sequence
from typing import Any

from tool_errors.finding_rows import call_finding_key, call_fingerprint, call_kind, loop_finding_key
from trace_store.derived_rows import LoopRow, ToolCallRow
from trace_store.lists.verdicts import Verdict, verdict_that_counts, verdicts_of_trace
from trace_store.reader import TraceReader
from trace_store.stored import TraceKey
from web.pages.view_models import VerdictView

NOT_AN_ERROR, NOT_A_LOOP, WRONG_MATCH = "not_an_error", "not_a_loop", "wrong_match"
LABELS = {"right": "right", NOT_AN_ERROR: "not an error", NOT_A_LOOP: "not a loop", WRONG_MATCH: "wrong match"}


async def read_verdicts(
    reader: TraceReader, trace: TraceKey, call: ToolCallRow | None, loops: Sequence[LoopRow]
) -> list[Verdict]:
    """What people said of a call and of the loops of a trace, and of the issues that they belong to."""
    fingerprints = {loop.fingerprint for loop in loops}
    if call is not None and call_kind(call):
        fingerprints.add(call_fingerprint(call))
    if not fingerprints:
        return []
    async with reader.freely_planned() as connection:
        found = await verdicts_of_trace(connection, trace, fingerprints)
        for other in {loop.trace_id for loop in loops} - {trace.trace_id}:
            found += await verdicts_of_trace(connection, TraceKey(trace.project_id, other), ())
        return found


def is_dismissed(loop: LoopRow, verdicts: Sequence[Verdict]) -> bool:
    """Whether people say that it is no loop."""
    said = verdict_that_counts(verdicts, loop_finding_key(loop), loop.fingerprint)
    return said is not None and said.verdict == NOT_A_LOOP


def verdict_views(call: ToolCallRow, loop: LoopRow | None, verdicts: Sequence[Verdict]) -> tuple[VerdictView, ...]:
    """One for a failure that counts, one for the loop; a failure that only climbed up counts elsewhere."""
    views = []
    if call_kind(call):
        said = verdict_that_counts(verdicts, call_finding_key(call), call_fingerprint(call))
        views.append(_view("failure", call.trace_id, call_finding_key(call), NOT_AN_ERROR, said))
    if loop is not None:
        said = verdict_that_counts(verdicts, loop_finding_key(loop), loop.fingerprint)
        views.append(_view("loop", loop.trace_id, loop_finding_key(loop), NOT_A_LOOP, said))
    return tuple(views)


def _view(finding: str, trace_id: bytes, key: str, wrong: str, said: Verdict | None) -> VerdictView:
    return VerdictView(
        finding=finding,
        trace_id=trace_id.hex(),
        finding_key=key,
        wrong=wrong,
        wrong_label=LABELS[wrong],
        said=said.verdict if said else "",
        said_label=LABELS.get(said.verdict, said.verdict) if said else "",
        is_of_issue=said is not None and said.is_of_issue,
        note=said.note if said else "",
    )


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as the API tells it."""
    return {
        "trace_id": verdict.trace_id.hex() or None,
        "finding_key": verdict.finding_key,
        "issue": verdict.fingerprint,
        "of_issue": verdict.is_of_issue,
        "kind": verdict.kind,
        "tool": verdict.tool,
        "title": verdict.title,
        "rule": verdict.rule,
        "verdict": verdict.verdict,
        "note": verdict.note,
        "by": verdict.said_by,
        "created_at": verdict.created_at,
    }
