"""The whole question and answer that spans tell of an interaction: rows hold their beginnings, the spans the rest."""

import asyncio
from collections.abc import Iterable

from tool_errors.bounded_facts import text_preview
from tool_errors.interactions.derive import LinkedTrace
from tool_errors.log_steps import RegistryOf
from tool_errors.normalise_spans import judge_stored, portions_of
from trace_store.claim import Claim
from trace_store.decoded_envelopes import DecodedEnvelopes
from trace_store.facts import SpanFacts
from trace_store.spans import read_log
from trace_store.stored import TraceKey

_SPAN_ID_BYTES = 8
_Place = tuple[int, bytes, bytes]  # project, trace, span id and digest


async def read_whole_texts(
    claim: Claim, tellers: Iterable[tuple[LinkedTrace | None, LinkedTrace | None]], registry_of: RegistryOf
) -> None:
    """Fills in `input` of the first and `output` of the second of each pair where its preview was cut.

    A text that its span does not tell any more stays its preview: the trace is about to be derived again.
    """
    asked, answered = [], []
    for first, second in tellers:
        asked += [first] if first is not None and first.says.input_from else []
        answered += [second] if second is not None and second.says.output_from else []
    places = {_place(one, one.says.input_from) for one in asked} | {
        _place(one, one.says.output_from) for one in answered
    }
    facts = await _facts_at(claim, places, registry_of) if places else {}
    for one in asked:
        found = facts.get(_place(one, one.says.input_from))
        one.input = _whole(one.says.input_preview, None if found is None else found.input_text)
    for one in answered:
        found = facts.get(_place(one, one.says.output_from))
        one.output = _whole(one.says.output_preview, None if found is None else found.output_text)


async def _facts_at(claim: Claim, places: set[_Place], registry_of: RegistryOf) -> dict[_Place, SpanFacts]:
    """What the spans at these places say, normalised anew from their bytes."""
    traces = {TraceKey(project_id, trace_id) for project_id, trace_id, _ in places}
    spans = await claim.stored_spans(traces, {place[:_SPAN_ID_BYTES] for *_, place in places})
    at = {(span.row.project_id, span.row.trace_id, span.row.span_id + span.row.digest): span for span in spans}
    wanted = [span for place, span in at.items() if place in places]
    envelopes = DecodedEnvelopes()
    found = {}
    for portion, logs in portions_of(wanted, await claim.logs(wanted)):
        for span in portion:
            of_span = [
                read_log(record.otlp, envelopes.scope(record.scope.otlp))
                for record in logs
                if (record.project_id, record.trace_id, record.span_id) == span.row[:3]
            ]
            judged = judge_stored(span, of_span, envelopes, registry_of(span.row.project_id))
            if judged is not None:
                found[span.row.project_id, span.row.trace_id, span.row.span_id + span.row.digest] = judged.facts
            await asyncio.sleep(0)
    return found


def _place(linked: LinkedTrace, place: bytes | None) -> _Place:
    return linked.row.project_id, linked.row.trace_id, place or b""


def _whole(preview: str | None, text: str | None) -> str | None:
    return text if text is not None and text_preview(text) == preview else None
