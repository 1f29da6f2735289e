"""Whatever a span holds, normalise neither raises nor loses it; how much work it is: test_dialects_linear_work.py."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialect_captures import read_capture, scenarios
from tests.spans_by_hand import log, span
from trace_store.dialects import REGISTRY, normalise, transcript
from trace_store.model import Span, SpanEvent
from web.trace.transcript_view import transcript_json

FLAT = [
    "0.message.role",
    "1.message.tool_calls.0.tool_call.function.name",
    "0.role",
    "x.y",
    "0",
    "0.content.0",
    "0..a",
    "0." + "a." * 5000,
]
KEYS = sorted(
    {key for d in REGISTRY for table in (d.fields, d.own_fields) for keys in table.values() for key in keys}
    | {"_llmobs", "gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response", "messaging.operation"}
    | {key for dialect in REGISTRY for key in (*dialect.kinds, *dialect.name_kinds, *dialect.failure_flags)}
    | {d.input_prefix + rest for d in REGISTRY if d.input_prefix for rest in FLAT}
    | {d.output_prefix + rest for d in REGISTRY if d.output_prefix for rest in FLAT}
)
SCOPES = ["", *sorted({scope for d in REGISTRY for scope in d.scopes})]
CLAIMING = sorted({key for d in REGISTRY for key in d.kinds if key in d.markers})
MARKS = sorted({value for d in REGISTRY for values in d.kinds.values() for value in values})
WORDS = [
    "role", "user", "assistant", "tool", "content", "parts", "type", "text", "tool_call", "tool_result", "id", "name",
    "arguments", "function", "tool_calls", "lc", "kwargs", "args", "message", "messages", "choices", "response",
    "is_error", "raw_output", "toolUse", "data", "error", "output", "value", "metadata", "user_id",
]  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=5)
    | st.sampled_from([*MARKS, *WORDS, "{", '{"role": 1}', '[{"role": "user"}]', "('a',)", "{'a': 1}", '"["', "NaN"])
)
KEY_WORDS = st.sampled_from(WORDS) | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY_WORDS, inner, max_size=4), max_leaves=12
)
ATTRIBUTES = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=10), VALUES, max_size=12)
EVENT_NAMES = st.sampled_from(
    [
        "exception",
        "gen_ai.choice",
        "gen_ai.user.message",
        "gen_ai.tool.message",
        "gen_ai.content.prompt",
        "gen_ai.client.inference.operation.details",
        "other",
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    attributes=ATTRIBUTES,
    mark=st.tuples(st.sampled_from(CLAIMING), st.sampled_from(MARKS)),
    status=st.tuples(st.integers(0, 2), st.text(max_size=30)),
    events=st.lists(st.tuples(EVENT_NAMES, ATTRIBUTES), max_size=2),
    logs=st.lists(st.tuples(EVENT_NAMES, VALUES, ATTRIBUTES), max_size=2),
    name=st.text(max_size=10),
    scope=st.sampled_from(SCOPES),
)
def test_random_spans_of_every_dialect(attributes, mark, status, events, logs, name, scope) -> None:
    read = span(
        {**attributes, mark[0]: mark[1]},
        name=name,
        status_code=status[0],
        status_message=status[1],
        events=tuple(SpanEvent(1, event_name, event) for event_name, event in events),
        scope_name=scope,
    )
    records = [log(event_name, body, record) for event_name, body, record in logs]
    facts = normalise(read, records)
    messages = transcript(read, records)
    assert json.dumps([transcript_json(messages.inputs), transcript_json(messages.outputs)], allow_nan=False)
    assert facts is not None
    assert (facts.span_id, facts.name, facts.status_code) == (read.span_id, read.name, read.status_code)
    counts = (facts.input_tokens, facts.output_tokens, facts.time_to_first_token_ns)
    assert all(isinstance(count, int | None) for count in counts)
    texts = (facts.model, facts.tool_name, facts.user_id, facts.input_text, facts.output_text)
    for text in (*texts, facts.finish_reason, facts.node, facts.environment):
        assert text is None or isinstance(text, str)


def captured() -> list[Span]:
    return [read for scenario in scenarios() for read, _ in read_capture(scenario)]


CAPTURED = captured()


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_one_value_of_a_real_span_replaced(data: st.DataObject) -> None:
    real = data.draw(st.sampled_from(CAPTURED))
    if not real.attributes:
        return
    key = data.draw(st.sampled_from(sorted(real.attributes)))
    changed = span({**real.attributes, key: data.draw(VALUES)}, name=real.name, scope_name=real.scope_name)
    before = normalise(span(real.attributes, name=real.name, scope_name=real.scope_name))
    assert (normalise(changed) is None) == (before is None)


def nested(depth: int) -> str:
    return '{"messages":[' * depth + "1" + "]}" * depth


def test_hostile_values_raise_nothing() -> None:
    """How much work they are: test_dialects_linear_work.py."""
    hostile = [
        "[" * 200_000,
        nested(50_000),
        nested(200),
        '{"message":' * 1000 + "{}" + "}" * 1000,
        '{"role":"user","message":' * 1000 + "{}" + "}" * 1000,
        '{"args":' * 500 + "[]" + "}" * 500,
        "{'a':" * 20_000,
        "(" * 30_000 + ")" * 30_000,
        "\n " * 100_000,
        "Error: " * 50_000,
        '{"role":"user","content":' * 1000,
        '"' + "\\" * 100_000 + '"',
        "at x:1\n" * 50_000,
    ]
    for text in hostile:
        attributes = dict.fromkeys(KEYS, text) | {"gen_ai.operation.name": "chat"}
        tool = dict.fromkeys(["gen_ai.tool.call.result", "input.value", "error.message"], text)
        assert normalise(span(attributes, status_code=2, status_message=text)) is not None
        called = span({**tool, "gen_ai.operation.name": "execute_tool"}, status_code=2, status_message=text)
        facts = normalise(called)
        assert facts is not None
        assert facts.type == "tool"
        transcript(span(attributes))


def test_hostile_values_under_every_scope() -> None:
    hostile = [json.dumps({"messages": ["ChatMessage(" * 2000] * 5}), nested(200), "[" * 50_000, b"\x91" * 50_000]
    for scope in SCOPES:
        for value in hostile:
            read = span({**dict.fromkeys(KEYS, value), "messaging.operation": "process"}, scope_name=scope)
            assert normalise(read) is not None
