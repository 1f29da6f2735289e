"""What pages hand to their templates: plain values, ready to print.

| URL | Template | Context |
|---|---|---|
| `/traces` | `traces.html` (includes `_list.html`) | `page: ListPage`, `footer` |
| `/traces/list` | `_list.html` | `page: ListPage` |
| `/traces/differences` | `differences.html` | `page: DifferencesPage`, `footer` |
| `/traces/{trace_id}/peek` | `_peek.html` | `peek: Peek` |
| `/traces/{trace_id}` | `trace.html` (and `_header`, `_views`, `_view`, `_detail`) | `page: TracePage`, `footer` |
| the same, asked by htmx | `_trace_parts.html` | `page`, `parts`: ids of elements, `asked`: one of them |
| `/traces/{trace_id}/spans/{span_id}` | `_detail.html` | `detail: SpanDetail`, `selected: str` |
| `/conversations/{id}` | `conversation.html` | `page: ConversationPage`, `footer` |
| any error of a page | `error.html` | `status: int`, `sentence: str`, `footer` |

Every template has `static(path)` (a URL that changes with the file) and the filters of `web/filters.py`.

Parameters. Lists: `q`, `since`, `until` (ISO 8601 or Unix nanoseconds), `range` (15m, 1h, 24h, 7d, 30d), `errors=1`,
`loops=1`, `conversation`, `after` (cursor), `limit`. Trace: `span` (selected), `offset` (first row of the window),
`full=1` (long values uncut), `view` (tree, transcript, graph).

Live: `/traces/events` and `/traces/{trace_id}/events` are event streams. Both send `changed` with JSON data:
`{"version": str}` for the list, `{"version": str, "span_count": int, "live": bool, "derived_unix_ms": int}` for a
trace; the page then asks for its parts again, at the address that it has.
"""

from dataclasses import dataclass, field
from typing import Literal

from tool_errors.findings import SchemaViolation
from web.pages.conversation_models import ConversationLanes
from web.pages.facet_models import FilterChip, ListFilter, ListTab
from web.pages.interaction_models import InteractionView
from web.pages.repeat_models import RepeatChanges
from web.pages.trace_views import FoldView, GraphPage, Measure, Minimap, TraceViewName, TranscriptPage
from web.trace.argument_form import FormField
from web.trace.trace_view_state import TraceViewState

RowStatus = Literal["", "ok", "error", "soft_error", "unanswered", "pending", "missing"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page, and where."""

    project: str  # slug
    projects: tuple[str, ...]  # slugs of all that they may see
    signed_in_as: str  # "" where nobody has to sign in


@dataclass(frozen=True, slots=True)
class Footer:
    """What every page shows beside its own: the foot, and who looks at it."""

    tier: str  # "plain PostgreSQL 18.4", "TimescaleDB 2.19 (Apache licence)", ...
    version: str
    span_count: int | None  # of the project; None on a page that may tell nothing
    derive_lag_s: float | None  # None while it is not known
    visitor: Visitor | None = None


@dataclass(frozen=True, slots=True)
class TraceListRow:
    """One line of the list."""

    trace_id: str
    url: str
    start_unix_nano: int
    duration_ns: int
    live: bool
    question: str  # the user's input, else the root span's name
    is_question: bool  # False: `question` is the root span's name
    agent: str  # agents, else the service
    steps: str  # letters as documented in tool_errors/steps.py
    steps_spoken: str  # the strip as a sentence
    span_count: int
    error_count: int
    soft_error_count: int
    unanswered_count: int
    loop_count: int
    failed_span_count: int
    tokens: int
    cost_nano_usd: int | None  # None: nothing in it has a price
    unpriced_models: tuple[str, ...]
    user_id: str
    conversation_id: str
    conversation_url: str  # of the traces that it belongs to; "" when it stands alone


@dataclass(frozen=True, slots=True)
class ListPage:
    """The list of traces."""

    rows: tuple[TraceListRow, ...]
    filter: ListFilter
    trace_count: int  # of the project, without the filter
    older_url: str | None  # the next page; None on the last one
    newest_url: str | None  # the first page; None on it
    json_url: str
    query_string: str  # of this page, for fragments
    version: str  # changes when the list may have changed; what `/traces/events` sends
    origin: str  # e.g. "http://127.0.0.1:4318", for the commands of the empty state
    grpc_origin: str  # e.g. "http://127.0.0.1:4317"; "" when this server receives no gRPC
    needs_key: bool
    sending_headers: str  # what senders need beside the address, as OTEL_EXPORTER_OTLP_HEADERS; "" for nothing
    differences_url: str = "/traces/differences"
    tabs: tuple[ListTab, ...] = ()
    searched_back_to: int = 0  # Unix nanoseconds: the search ended there and can go on; 0: it did not end early
    has_facets: bool = False  # False in a fragment, in an empty project, and where the filter cannot be read
    chips: tuple[FilterChip, ...] = ()
    fault: str = ""  # what is wrong with the filter


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One line of the tree and its bar."""

    index: int  # position in the whole tree
    parent_index: int  # -1 at the top
    depth: int
    span_id: str  # "" for a tool call that has no span (known from messages alone)
    url: str
    name: str
    type: str  # agent, llm, tool, chain, retriever, embedding, reranker, guardrail, other, or missing
    secondary: str  # model, or arguments
    status: RowStatus  # of the step itself: an error that only climbed up from below is not here
    evidence: str  # "rule at path" for a failed tool call, else ""
    child_count: int
    descendant_count: int
    errors_below: int
    soft_errors_below: int
    recovered: bool
    loop_id: str  # "" outside loops
    loop_place: str  # "3 of 5"
    has_span: bool
    is_placeholder: bool  # a parent that has not arrived
    is_running: bool
    duration_ns: int | None  # None while it runs
    left_percent: float  # of the axis, 0..100
    width_percent: float
    skew_ns: int  # added to the shown times, because a clock was off
    call_key: str = ""  # of a tool call that has no span
    outcome: str = ""  # what came out: the error, the result or the answer, as far as previews go
    start_unix_nano: int = 0  # as shown, skew included; 0 for a call without a span
    end_unix_nano: int = 0  # 0 while it runs
    own_output_tokens: int = 0  # of the model call that it is
    output_tokens: int = 0  # of the model calls that it is and holds
    fold: FoldView | None = None  # the row stands for repeats
    is_hit: bool = False  # of the search


@dataclass(frozen=True, slots=True)
class TimeTick:
    """A line of the time axis."""

    left_percent: float
    label: str


@dataclass(frozen=True, slots=True)
class LoopView:
    """A loop chip."""

    loop_id: str
    text: str  # "search_flights x5"
    iterations: int
    failures: int
    tokens: int | None
    ended: str  # success, gave_up or running
    first_url: str
    kind: str = ""  # see docs/loops.md
    why: str = ""  # a sentence: what repeats, and what is equal
    cost_nano_usd: int | None = None
    is_dismissed: bool = False  # people say that it is none


@dataclass(frozen=True, slots=True)
class TreePage:
    """A window of the tree."""

    rows: tuple[TreeRow, ...]
    offset: int
    row_count: int  # that the view has in all its parts: spans, placeholders, calls without a span, folded rows
    span_count: int
    ticks: tuple[TimeTick, ...]
    selected: str  # span id, or ""
    before_url: str | None  # the window before this one
    after_url: str | None
    missing_parent_count: int
    skewed_count: int
    state: TraceViewState = field(default=TraceViewState())  # as it is shown
    address: str = ""  # the URL that shows this again
    total_count: int = 0  # rows of the trace with every fold open
    folded_count: int = 0  # rows that folded ones stand for
    filtered_count: int = 0  # rows outside of the window, or that the filter leaves out
    hit_count: int = 0  # of the search, in the whole trace
    measure: Measure = "duration"
    minimap: Minimap | None = None  # of the waterfall alone


@dataclass(frozen=True, slots=True)
class KeyValue:
    """A labelled value."""

    key: str
    value: str
    size_bytes: int = 0
    is_cut: bool = False  # only the beginning is shown; `full=1` in the address brings all
    is_unmapped: bool = False
    is_json: bool = False
    source: str = ""  # of a fact: the attribute, or another place, that says it
    rule: str = ""  # of a fact: the dialect whose table names that attribute
    list_url: str = ""  # everything with the same value; "" where no list filters by it


@dataclass(frozen=True, slots=True)
class EventView:
    """A span event or a log record."""

    name: str
    unix_nano: int
    offset_ns: int  # from the start of the span
    values: tuple[KeyValue, ...]
    is_exception: bool = False


@dataclass(frozen=True, slots=True)
class SpanLinkView:
    """A link to or from another span."""

    trace_id: str
    span_id: str
    url: str
    incoming: bool


@dataclass(frozen=True, slots=True)
class VerdictView:
    """What was said of a finding, and what may be said."""

    finding: str  # "failure" or "loop"
    trace_id: str
    finding_key: str
    wrong: str  # the verdict that takes it out: not_an_error, not_a_loop
    wrong_label: str
    said: str  # "" for nothing
    said_label: str
    is_of_issue: bool
    note: str


@dataclass(frozen=True, slots=True)
class CallView:
    """What became of a tool call."""

    status: RowStatus
    status_label: str  # "Error", "Soft error", "Unanswered", "Pending", "OK"
    rule: str
    path: str
    error_type: str
    error_message: str
    recovered: bool
    call_id: str
    call_key: str
    asked_by_url: str  # "" when no model call is known that asked
    asked_by: str
    loop_why: str
    loop_place: str
    previous_repeat_url: str
    next_repeat_url: str
    issue_url: str = ""  # of a call that failed or was never answered
    loop_issue_url: str = ""
    verdicts: tuple[VerdictView, ...] = ()
    violations: tuple[SchemaViolation, ...] = ()  # of the schema of the tool, as far as they are worth telling


@dataclass(frozen=True, slots=True)
class PartView:
    """One part of a message."""

    kind: str
    label: str
    value: KeyValue
    size_bytes: int | None = None  # of media


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message of a step."""

    role: str
    parts: tuple[PartView, ...]


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """What went in and what came out, message by message."""

    inputs: tuple[MessageView, ...]
    outputs: tuple[MessageView, ...]
    inputs_total: int  # more than `inputs` has when the pane shows only the last of them


@dataclass(frozen=True, slots=True)
class ToolDefinitionView:
    """A tool as a model is told of it."""

    name: str
    description: KeyValue | None
    schema: KeyValue | None
    digest: str


@dataclass(frozen=True, slots=True)
class OfferedToolsView:
    """The tools a model may call, or the one tool that a tool call is of."""

    title: str
    note: str  # where a definition is from that the span does not tell itself; "" else
    shown: tuple[ToolDefinitionView, ...]
    total: int


@dataclass(frozen=True, slots=True)
class SpanDetail:
    """The pane of one span."""

    trace_id: str
    span_id: str
    name: str
    type: str
    dialect: str  # "" when no dialect knows the span
    mark: str  # what made that dialect claim it
    type_source: str  # "gen_ai.operation.name = chat"; "" when no single key tells
    status: RowStatus
    status_label: str
    status_message: str
    start_unix_nano: int
    end_unix_nano: int  # 0 while it runs
    duration_ns: int | None
    call: CallView | None
    facts: tuple[KeyValue, ...]  # model, provider, tokens, agent, user, ...
    inputs: tuple[KeyValue, ...]
    outputs: tuple[KeyValue, ...]
    form: tuple[FormField, ...]  # the arguments of a call after its small schema
    changes: RepeatChanges | None  # since the previous call of the same tool
    tools: OfferedToolsView
    transcript: TranscriptView
    attributes: tuple[KeyValue, ...]  # the unmapped ones last; at most ATTRIBUTES_MAX until all are asked for
    attribute_count: int
    unmapped_count: int
    events: tuple[EventView, ...]  # at most EVENTS_MAX until all are asked for; so are logs
    event_count: int
    logs: tuple[EventView, ...]
    log_count: int
    links: tuple[SpanLinkView, ...]
    resource: tuple[KeyValue, ...]
    scope: tuple[KeyValue, ...]
    otlp_json: KeyValue
    has_cut_values: bool
    told_in: str = ""  # id of the trace that tells this model call too and counts it


@dataclass(frozen=True, slots=True)
class GroupView:
    """Where a trace stands in its conversation."""

    position: int  # from 1
    total: int
    title: str  # the conversation's id; "" for a run without one
    url: str
    previous_url: str  # "" at the beginning
    next_url: str  # "" at the end


@dataclass(frozen=True, slots=True)
class FailureView:
    """A failed tool call in a conversation."""

    name: str
    status: RowStatus
    error_type: str
    message: str
    recovered: bool
    url: str  # of the first
    times: int = 1  # how many alike follow one another


@dataclass(frozen=True, slots=True)
class ConversationPart:
    """One trace of a conversation."""

    position: int  # from 1
    row: TraceListRow
    answer: str
    failures: tuple[FailureView, ...]
    failure_count: int
    loops: tuple[LoopView, ...]
    interactions: tuple[InteractionView, ...]


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """A conversation, or a run that is spread over traces without a conversation id."""

    title: str
    is_conversation: bool  # False: the traces belong together without a conversation id
    parts: tuple[ConversationPart | InteractionView, ...]  # by time; an interaction by itself has no trace
    total: int  # traces
    trace_count: int  # of this page
    traceless_count: int  # interactions without a trace, of this page
    traceless_total: int
    json_url: str
    earlier_url: str  # "" on the first page
    later_url: str  # "" on the last page
    lanes: ConversationLanes
    only_failures: bool
    failures_url: str  # switches that on or off
    left_out: int  # traces and interactions of this page in which nothing went wrong, while it is on


@dataclass(frozen=True, slots=True)
class TracePage:
    """The page of one trace."""

    trace_id: str
    version: str
    live: bool
    derived_unix_ms: int  # 0 before the first derivation
    question: str
    is_question: bool
    answer: str
    service_name: str
    release: str
    agents: tuple[str, ...]
    models: tuple[str, ...]
    user_id: str
    conversation_id: str
    interaction_id: str
    start_unix_nano: int
    duration_ns: int
    span_count: int
    llm_call_count: int
    tool_call_count: int
    error_count: int
    failed_span_count: int  # of any kind, also those that an error only climbed through
    soft_error_count: int
    unanswered_count: int
    failed_call_count: int  # tool calls that failed, also those whose error climbed up from a call below
    recovered_count: int  # of those
    input_tokens: int
    output_tokens: int
    cost_nano_usd: int | None
    unpriced_models: tuple[str, ...]
    loops: tuple[LoopView, ...]
    tree: TreePage
    detail: SpanDetail | None  # of the selected span
    json_url: str
    otlp_url: str
    query_string: str
    linked_traces: tuple[SpanLinkView, ...] = field(default=())
    linked_trace_count: int = 0  # all of them; `linked_traces` shows the first
    group: GroupView | None = None  # None: the trace stands alone
    told_elsewhere: tuple[tuple[str, int], ...] = ()  # traces that count model calls of this one, and how many
    asked_again_url: str = ""  # of the later trace in which the user asks for the same
    view: TraceViewName = "waterfall"
    state: TraceViewState = field(default=TraceViewState())  # as the URL has it
    transcript: TranscriptPage | None = None  # of the view of this name alone
    graph: GraphPage | None = None  # of the view of this name alone
    run_ended_well: bool | None = None  # answered, and no root failed; None while live and where nothing answers
