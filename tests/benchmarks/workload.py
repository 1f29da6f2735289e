"""The spans that benchmarks send: runs of AI agents in GenAI semantic conventions, about 1 KB a span on the wire.

A run has 16 spans: the agent, and five rounds of a model call, a tool call and the client call that the tool makes. As
an exporter would, a service sends its spans in the order in which they end, so that a request holds parts of many runs.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.benchmarks.web_requests import SPANS_PER_REQUEST, stock_call, web_request

ROUNDS = 5
SERVICES = 8
OPEN_TRACES = 12  # runs that a service has under way at any time
RUN_NS = 7_500_000_000
FAILING_TOOL_CALLS = 0.1
LOOPING_TRACES = 0.02
SCOPES = ("acme.agents", "acme.models", "acme.http")
TOOLS = ("lookup_order", "search_articles", "issue_refund", "track_parcel", "query_stock", "open_ticket")
MODELS = (("openai", "gpt-5-mini"), ("anthropic", "claude-sonnet-4-5"), ("gcp.gemini", "gemini-2.5-pro"))
FAILURES = (
    ("TimeoutError", "no answer from the warehouse within 10 s"),
    ("ValueError", "order_id must have 8 digits"),
    ("httpx.HTTPStatusError", "503 Service Unavailable for https://stock.internal/v2/items"),
)
WORDS = """
a about after again all also an and any are arrived as ask at back be because been before billing box but by
call can card carrier charge check city code colour confirm could customer damaged date day delay deliver did
discount do door each email even every exchange express first for found from give good had has have he help her
here his how if in invoice is it item just label last late left like line long look made make many may message
money more morning most my name need never new next no not now number of old on one only open or order other our
out over package paid parcel part pay people phone place please policy price product question receipt refund
reply request return right said same see send sent shall she ship shipping shop should size so some still stock
store street such support sure take than thank that the their them then there these they thing this time to
today told track two under until up update us use very voucher wait want warehouse was way we week well went
were what when where which while who why will wish with work would wrong year yes yet you your
"""


@dataclass(frozen=True)
class Request:
    """One export request."""

    body: bytes
    span_count: int
    service: int  # whose spans it holds


@dataclass(frozen=True)
class Shape:
    """What the spans are like, and how many share a request."""

    spans_per_request: int = 200
    spans_per_request_min: int = 0  # 0: all requests are of that size; else of any size between the two
    services: int = SERVICES
    rounds: int = ROUNDS  # of a run: its trace has 3 * rounds + 1 spans
    prompt_bytes: int = 160  # of the question that each model call repeats
    plain: float = 0.0  # traces of web requests are among the runs until this share of all spans is plain HTTP and SQL

    @property
    def spans_per_trace(self) -> int:
        return 3 * self.rounds + 1

    @property
    def web_requests_per_run(self) -> float:
        plain_of_run = self.rounds  # client calls of the tools: what no dialect claims
        return max(0.0, (self.plain * self.spans_per_trace - plain_of_run) / (1 - self.plain) / SPANS_PER_REQUEST)


class Text:
    """Sentences with the word frequencies of natural language, cut from one long text."""

    def __init__(self, rng: random.Random) -> None:
        known = WORDS.split()
        rng.shuffle(known)
        words = rng.choices(known, [1 / (rank + 3) for rank in range(len(known))], k=120_000)
        for at in range(9, len(words), 13):
            words[at] += "."
        for at in range(4, len(words), 17):
            words[at] = str(rng.randrange(10**6))
        self._text = " ".join(words)
        self._rng = rng

    def cut(self, size: int) -> str:
        begin = self._rng.randrange(len(self._text) - size)
        return self._text[begin : begin + size]


def requests(span_count: int, shape: Shape, seed: int, start_unix_nano: int) -> list[Request]:
    """Requests with about `span_count` spans whose ids depend on the seed."""
    rng = random.Random(seed)
    text = Text(rng)
    made: list[list[Request]] = []
    web_per_run = shape.web_requests_per_run
    spans_per_run = shape.spans_per_trace + SPANS_PER_REQUEST * web_per_run
    for service in range(shape.services):
        spans: list[tuple[Span, int]] = []
        for number in range(max(1, int(span_count / shape.services / spans_per_run))):
            start = start_unix_nano + number * RUN_NS // OPEN_TRACES
            spans += trace(rng, text, service, start, shape)
            for _ in range(int((number + 1) * web_per_run) - int(number * web_per_run)):
                for span, scope, attributes in web_request(rng, start + rng.randrange(RUN_NS // shape.rounds)):
                    _set(span, attributes)
                    spans.append((span, scope))
        spans.sort(key=lambda item: item[0].end_time_unix_nano)
        made.append([_request(service, part) for part in _parts(rng, spans, shape)])
    turns = max(map(len, made))
    return [of_service[turn] for turn in range(turns) for of_service in made if turn < len(of_service)]


def _parts(rng: random.Random, spans: list[tuple[Span, int]], shape: Shape) -> Iterator[list[tuple[Span, int]]]:
    begin = 0
    while begin < len(spans):
        count = shape.spans_per_request
        if shape.spans_per_request_min:
            count = rng.randint(shape.spans_per_request_min, count)
        yield spans[begin : begin + count]
        begin += count


def trace(rng: random.Random, text: Text, service: int, start: int, shape: Shape) -> Iterator[tuple[Span, int]]:
    """The spans of one run, each with the number of its scope."""
    trace_id, conversation = rng.randbytes(16), f"conversation-{rng.randrange(10**9)}"
    provider, model = rng.choice(MODELS)
    loop = rng.choice(TOOLS) if rng.random() < LOOPING_TRACES else None
    question, looked_for = text.cut(shape.prompt_bytes), text.cut(40)
    round_ns = RUN_NS // shape.rounds

    def new(parent: Span | None, name: str, kind: "Span.SpanKind.ValueType", begin: int, end: int) -> Span:
        span = Span(trace_id=trace_id, span_id=rng.randbytes(8), name=name, kind=kind, flags=257)
        span.start_time_unix_nano, span.end_time_unix_nano = begin, end
        if parent is not None:
            span.parent_span_id = parent.span_id
        return span

    def jitter(limit: int) -> int:
        return rng.randrange(limit // 2, limit)

    root = new(None, f"invoke_agent support-{service}", Span.SPAN_KIND_INTERNAL, start, start + RUN_NS)
    answer = text.cut(360)
    for number in range(shape.rounds):
        begin = start + number * round_ns
        chat = new(root, f"chat {model}", Span.SPAN_KIND_CLIENT, begin, begin + jitter(round_ns // 2))
        reply = text.cut(360)
        _set(
            chat,
            _chat(rng, provider, model, conversation, (f"Agent {service}. {question[:160]}", question, answer), reply),
        )
        yield chat, 1
        answer = reply
        name = loop or rng.choice(TOOLS)
        begin += round_ns // 2
        tool = new(root, f"execute_tool {name}", Span.SPAN_KIND_INTERNAL, begin, begin + jitter(round_ns // 2))
        _set(tool, _tool(rng, name, conversation, looked_for if loop else text.cut(40)))
        if loop or rng.random() < FAILING_TOOL_CALLS:
            _fail(tool, *(FAILURES[0] if loop else rng.choice(FAILURES)), text)
        else:
            _set(tool, {"gen_ai.tool.call.result": json.dumps({"found": True, "text": text.cut(450)})})
        yield tool, 0
        client = new(tool, "GET", Span.SPAN_KIND_CLIENT, begin + round_ns // 1500, begin + jitter(round_ns // 4))
        _set(client, stock_call(rng))
        yield client, 2
    _set(root, _agent(rng, service, provider, model, conversation))
    yield root, 0


def _agent(rng: random.Random, service: int, provider: str, model: str, conversation: str) -> dict[str, object]:
    return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": f"support-{service}",
        "gen_ai.agent.id": f"agent-{service:04}",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.conversation.id": conversation,
        "gen_ai.usage.input_tokens": rng.randrange(2000, 20000),
        "gen_ai.usage.output_tokens": rng.randrange(200, 2000),
        "user.id": f"user-{rng.randrange(5000)}",
    }


def _chat(
    rng: random.Random, provider: str, model: str, conversation: str, texts: tuple[str, str, str], reply: str
) -> dict[str, object]:
    roles = ("system", "user", "assistant")
    prompt = [
        {"role": role, "parts": [{"type": "text", "content": text}]} for role, text in zip(roles, texts, strict=True)
    ]
    answer = [{"role": "assistant", "parts": [{"type": "text", "content": reply}], "finish_reason": "stop"}]
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.response.model": f"{model}-2026-02-01",
        "gen_ai.response.id": f"resp_{rng.randrange(16**16):016x}",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.max_tokens": 4096,
        "gen_ai.usage.input_tokens": rng.randrange(200, 6000),
        "gen_ai.usage.output_tokens": rng.randrange(20, 900),
        "gen_ai.conversation.id": conversation,
        "gen_ai.input.messages": json.dumps(prompt),
        "gen_ai.output.messages": json.dumps(answer),
        "server.address": f"api.{provider}.example",
        "server.port": 443,
    }


def _tool(rng: random.Random, name: str, conversation: str, looked_for: str) -> dict[str, object]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": f"call_{rng.randrange(16**12):012x}",
        "gen_ai.tool.call.arguments": json.dumps({"query": looked_for, "limit": 10}),
        "gen_ai.conversation.id": conversation,
    }


def _fail(span: Span, kind: str, message: str, text: Text) -> None:
    span.status.code = Status.STATUS_CODE_ERROR
    span.status.message = message
    _set(span, {"error.type": kind})
    event = span.events.add(name="exception", time_unix_nano=span.end_time_unix_nano)
    frames = "".join(f'  File "/app/tools.py", line {line}, in call\n    {text.cut(40)}\n' for line in (17, 42, 88))
    stacktrace = f"Traceback (most recent call last):\n{frames}{kind}: {message}"
    _set(event, {"exception.type": kind, "exception.message": message, "exception.stacktrace": stacktrace})


def _set(target: "Span | Span.Event", attributes: dict[str, object]) -> None:
    for key, value in attributes.items():
        added = target.attributes.add(key=key).value
        if isinstance(value, str):
            added.string_value = value
        elif isinstance(value, int):
            added.int_value = value
        elif isinstance(value, float):
            added.double_value = value
        elif isinstance(value, list):
            for item in value:
                added.array_value.values.add(string_value=item)


def _request(service: int, spans: list[tuple[Span, int]]) -> Request:
    message = ExportTraceServiceRequest()
    block = message.resource_spans.add()
    resource = {"service.name": f"support-{service}", "service.version": "4.2.0", "host.name": f"node-{service % 3}"}
    for key, value in resource.items():
        block.resource.attributes.add(key=key).value.string_value = value
    for number, name in enumerate(SCOPES):
        of_scope = [span for span, scope in spans if scope == number]
        if of_scope:
            scope_spans = block.scope_spans.add(spans=of_scope)
            scope_spans.scope.name = name
            scope_spans.scope.version = "1.8.0"
    return Request(message.SerializeToString(), len(spans), service)
