"""Brings together what spans, requests and answers say about the same tool call.

Call ids decide where they are known; else the tool's name with equal arguments, with arguments of which one contains
the other, and at last the order in time. All lists come in order of time, and no step looks at more than
`_LOOK_BACK_MAX` open calls, so that the whole stays linear.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field

from tool_errors.calls.asked_calls import Answer, Request
from tool_errors.calls.tool_names import ToolNames
from tool_errors.calls.tool_spans import SpanCall, holds_object
from trace_store.facts import Payload

_LOOK_BACK_MAX = 64

_Fit = Callable[[Payload | None, Payload | None], bool]


@dataclass(slots=True, eq=False)
class Draft:
    """One unique call in the making."""

    spans: list[SpanCall] = field(default_factory=list)  # more than one: attempts under one call id
    request: Request | None = None
    answer: Answer | None = None
    is_renamed: bool = False  # the span names something else than the tool: its class

    @property
    def call_id(self) -> str:
        """The call id as the first of its sources gives it, or nothing."""
        sources = (*self.spans, self.request, self.answer)
        return next((source.call_id for source in sources if source is not None and source.call_id), "")

    @property
    def name(self) -> str:
        """The tool's name, likewise; as the model knows it where the span has another."""
        sources = (self.request, *self.spans) if self.is_renamed else (*self.spans, self.request, self.answer)
        return next((source.name for source in sources if source is not None and source.name), "")

    @property
    def start_unix_nano(self) -> int:
        """When the call began, as far as is known."""
        if self.spans:
            return self.spans[0].start_unix_nano
        if self.request is not None:
            return self.request.known_unix_nano
        return self.answer.given_unix_nano if self.answer is not None else 0


class _Open:
    """Calls that still lack something, ordered by a time."""

    def __init__(self, entries: Iterable[tuple[int, Draft]]) -> None:
        ordered = sorted(entries, key=lambda entry: entry[0])
        self._times = [time for time, _ in ordered]
        self._drafts = [draft for _, draft in ordered]

    def until(self, time_unix_nano: int) -> list[Draft]:
        """The latest of those that are not later than a time, latest first."""
        stop = bisect_right(self._times, time_unix_nano)
        return self._drafts[max(0, stop - _LOOK_BACK_MAX) : stop][::-1]

    def remove(self, draft: Draft, time_unix_nano: int) -> None:
        """Take a call out that was put in with this time."""
        index = self._drafts.index(draft, bisect_left(self._times, time_unix_nano))
        del self._times[index], self._drafts[index]


def match_calls(spans: list[SpanCall], requests: list[Request], answers: list[Answer]) -> list[Draft]:
    """The unique calls of a trace, by time."""
    in_messages = {request.name for request in requests} | {answer.name for answer in answers}
    names = ToolNames({span.name for span in spans}, in_messages)
    drafts = [Draft(request=request) for request in requests]
    by_id: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        if draft.call_id:
            by_id[draft.call_id].append(draft)
    rest = _spans_by_id(spans, by_id, names)
    for fit in (_equal, _overlapping, _any):
        rest = _spans_by_name(rest, drafts, fit, names)
    rest = _spans_by_arguments(rest, drafts, names, in_messages)
    for span in rest:
        _add_span(span, drafts, by_id, names)
    _add_answers(answers, drafts, by_id, names)
    drafts.sort(key=lambda draft: draft.start_unix_nano)
    return drafts


def _spans_by_id(spans: list[SpanCall], by_id: dict[str, list[Draft]], names: ToolNames) -> list[SpanCall]:
    """Put spans to the request with their call id; return the rest.

    Some models count their call ids from zero in each answer: of several requests with one id the last before the
    span counts.
    """
    rest = []
    for span in spans:
        candidates = [d for d in by_id.get(span.call_id, ()) if d.request and names.are_same(span.name, d.request.name)]
        if not candidates:
            rest.append(span)
            continue
        earlier = [d for d in candidates if d.request and d.request.asked_unix_nano <= span.start_unix_nano]
        (earlier[-1] if earlier else candidates[0]).spans.append(span)
    return rest


def _spans_by_name(spans: list[SpanCall], drafts: list[Draft], fit: _Fit, names: ToolNames) -> list[SpanCall]:
    """Put spans to open requests for the same tool, those of the nearest earlier LLM call first; return the rest."""
    asked: dict[str, list[tuple[int, Draft]]] = defaultdict(list)
    for draft in drafts:
        if draft.request is not None and not draft.spans:
            asked[names.key(draft.request.name)].append((draft.request.asked_unix_nano, draft))
    open_requests = {key: _Open(entries) for key, entries in asked.items()}
    rest = []
    for span in spans:
        candidates = open_requests.get(names.key(span.name))
        best = None if candidates is None else _best_request(span, candidates.until(span.start_unix_nano), fit)
        if candidates is None or best is None or best.request is None:
            rest.append(span)
        else:
            candidates.remove(best, best.request.asked_unix_nano)
            best.spans.append(span)
    return rest


def _spans_by_arguments(
    spans: list[SpanCall], drafts: list[Draft], names: ToolNames, in_messages: Set[str]
) -> list[SpanCall]:
    """Put spans whose name no message has to requests that no span answers, by equal arguments; return the rest.

    Some libraries name the span of a tool by the tool's class.
    """
    asked: dict[bytes, list[tuple[int, Draft]]] = defaultdict(list)
    for draft in drafts:
        request = draft.request
        if request is None or not request.name or draft.spans:
            continue
        if request.arguments is not None and holds_object(request.arguments):
            asked[request.arguments.digest].append((request.asked_unix_nano, draft))
    open_requests = {digest: _Open(entries) for digest, entries in asked.items()}
    rest = []
    for span in spans:
        candidates = None
        if span.arguments is not None and not span.call_id and names.key(span.name) not in in_messages:
            candidates = open_requests.get(span.arguments.digest)
        best = None if candidates is None else _best_request(span, candidates.until(span.start_unix_nano), _equal)
        if candidates is None or best is None or best.request is None:
            rest.append(span)
        else:
            candidates.remove(best, best.request.asked_unix_nano)
            best.spans.append(span)
            best.is_renamed = True
    return rest


def _best_request(span: SpanCall, candidates: list[Draft], fit: _Fit) -> Draft | None:
    """The first fitting request of the latest LLM call that has one."""
    best: Draft | None = None
    for draft in candidates:
        request = draft.request
        if request is None or (span.call_id and request.call_id and fit is _any):
            continue  # both have ids and these differ: the order alone proves nothing
        if best is not None and best.request is not None and best.request.asked_by != request.asked_by:
            break
        if fit(span.arguments, request.arguments):
            best = draft
    return best


def _equal(one: Payload | None, other: Payload | None) -> bool:
    return one is not None and other is not None and one.digest == other.digest


def _overlapping(one: Payload | None, other: Payload | None) -> bool:
    """One-argument tools are often reported with the bare value."""
    if one is None or other is None:
        return False
    bare = one.preview.strip("\"'[]{}() ")
    return len(bare) > 1 and bare in other.preview


def _any(_one: Payload | None, _other: Payload | None) -> bool:
    return True


def _add_span(span: SpanCall, drafts: list[Draft], by_id: dict[str, list[Draft]], names: ToolNames) -> None:
    """A span without a request is a call of its own, unless an overlapping span has its call id already."""
    for draft in by_id.get(span.call_id, ()) if span.call_id else ():
        first = draft.spans[0] if draft.spans else None
        if first and first.end_unix_nano >= span.start_unix_nano and names.are_same(first.name, span.name):
            draft.spans.append(span)
            return
    draft = Draft(spans=[span])
    drafts.append(draft)
    if span.call_id:
        by_id[span.call_id].append(draft)


def _add_answers(answers: list[Answer], drafts: list[Draft], by_id: dict[str, list[Draft]], names: ToolNames) -> None:
    """Put answers to their calls; one whose call nobody reported is a call of its own."""
    rest = []
    for answer in answers:
        candidates = by_id.get(answer.call_id, []) if answer.call_id else []
        earlier = [draft for draft in candidates if draft.start_unix_nano <= answer.given_unix_nano]
        draft = earlier[-1] if earlier else next(iter(candidates), None)
        if draft is None:
            rest.append(answer)
        elif draft.answer is None:  # else a later LLM call was given the same history again
            draft.answer = answer
    entries: dict[str, list[tuple[int, Draft]]] = defaultdict(list)
    for draft in drafts:
        if draft.answer is None:
            entries[names.key(draft.name)].append((draft.start_unix_nano, draft))
            entries[""].append((draft.start_unix_nano, draft))  # for answers that tell no name
    open_calls = {key: _Open(found) for key, found in entries.items()}
    answered = {answer.call_id for answer in answers}
    for answer in rest:
        if answer.call_id and (known := by_id[answer.call_id]):
            known[-1].answer = known[-1].answer or answer
            continue
        key = names.key(answer.name)
        known_calls = open_calls[key].until(answer.given_unix_nano) if key in open_calls else []
        draft = _unanswered(answer, known_calls, answered)
        if draft is not None:
            draft.answer = answer
            for other in {names.key(draft.name), ""}:
                open_calls[other].remove(draft, draft.start_unix_nano)
        elif answer.name or answer.call_id:
            draft = Draft(answer=answer)
            drafts.append(draft)
        if draft is not None and answer.call_id:
            by_id[answer.call_id].append(draft)


def _unanswered(answer: Answer, candidates: list[Draft], answered: Set[str]) -> Draft | None:
    """The call that an answer belongs to: with equal result, with equal arguments, else the first of the last round."""
    fitting = [d for d in candidates if not (answer.call_id and d.call_id) and (answer.name or d.request)]
    if answer.call_id and not fitting:
        return _otherwise_named(answer, candidates, answered)
    for draft in fitting:
        if draft.spans and _equal(answer.result, draft.spans[0].result):
            return draft
    requests = [draft.request for draft in fitting if draft.request is not None]
    if requests:
        last = requests[0].asked_by  # candidates stand latest first
        fitting = [draft for draft in fitting if draft.request is not None and draft.request.asked_by == last]
    fitting.reverse()
    for draft in fitting:
        source = draft.request or draft.spans[0]
        if _equal(answer.arguments, source.arguments):
            return draft
    return fitting[0] if fitting else None


def _otherwise_named(answer: Answer, candidates: list[Draft], answered: Set[str]) -> Draft | None:
    """The call with equal arguments whose request has an id that no answer bears.

    Some instrumentations write the id of the response's item where the model asks, that of the call in the history.
    """
    same = [d for d in candidates if d.request and d.call_id not in answered and answer.name == d.request.name]
    same = [d for d in same if d.request and _equal(answer.arguments, d.request.arguments)]
    last = [d for d in same if d.request and same[0].request and d.request.asked_by == same[0].request.asked_by]
    return last[-1] if last else None
