"""However a span is made, twice its size is at most about twice the work: counted, so that no other load can matter."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan

from tests.counted_work import assert_linear
from tests.spans_by_hand import log, span
from tests.unit.test_dialects_property import ATTRIBUTES, CLAIMING, KEYS, MARKS, SCOPES
from trace_store.dialects import REGISTRY
from trace_store.dialects.registry import DialectRegistry
from trace_store.model import LogRecord, Span, SpanEvent
from trace_store.spans import Scope, read_span

SIZE = 400


def test_a_square_is_found() -> None:
    def pairs(size: int) -> Callable[[], Any]:
        return lambda: [(one, other) for one in range(size) for other in range(size) if str(one) < str(other)]

    assert_linear(lambda: sorted(range(1000), key=str), lambda: sorted(range(2000), key=str))
    with pytest.raises(AssertionError, match="became"):
        assert_linear(pairs(100), pairs(200))


def read(made: Span, logs: tuple[LogRecord, ...] = ()) -> Callable[[], Any]:
    """Normalises a span and reads its messages, with nothing remembered of other spans' keys."""
    registry = DialectRegistry(REGISTRY)

    def call() -> None:
        registry.normalise(made, logs)
        registry.transcript(made, logs)

    return call


def nested(depth: int) -> str:
    return '{"messages":[' * depth + "1" + "]}" * depth


TEXTS: Mapping[str, Callable[[int], str]] = {
    "open brackets": lambda n: "[" * 100 * n,
    "nested messages": nested,
    "nested objects": lambda n: '{"message":' * n + "{}" + "}" * n,
    "nested roles": lambda n: '{"role":"user","message":' * n + "{}" + "}" * n,
    "nested wrappers": lambda n: '{"args":' * n + "[]" + "}" * n,
    "nested kwargs": lambda n: '{"kwargs":' * n + "{}" + "}" * n,
    "an object that never ends": lambda n: '{"role":"user","content":' * n,
    "a repr that never ends": lambda n: "{'a':" * 10 * n,
    "nested tuples": lambda n: "(" * n + ")" * n,
    "calls in a repr": lambda n: "ChatMessage(" * n,
    "one key again and again": lambda n: "{" + ",".join(['"messages":[{"role":"user","content":"x"}]'] * n) + "}",
    "messages": lambda n: json.dumps([{"role": "user", "content": f"{n} {i}"} for i in range(n)]),
    "messages around messages": lambda n: json.dumps([[{"messages": [{"role": "user", "content": f"{n}"}]}]] * n),
    "calls and results": lambda n: json.dumps(
        [
            message
            for i in range(n)
            for message in (
                {"role": "assistant", "tool_calls": [{"id": f"c{i}", "function": {"name": "a", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": f"c{i}", "content": f"{n}"},
            )
        ]
    ),
    "calls at once": lambda n: json.dumps(
        [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": f"a{n}"}} for _ in range(n)]}]
    ),
    "parts": lambda n: json.dumps([{"role": "user", "parts": [{"type": "text", "content": f"{n}"}] * n}]),
    "serialised messages": lambda n: json.dumps(
        [{"lc": 1, "id": ["AIMessage"], "kwargs": {"content": [{"type": "text", "text": f"{n}"}] * 2}}] * n
    ),
    "tool definitions": lambda n: json.dumps(
        [{"type": "function", "function": {"name": f"t{n}_{i}"}} for i in range(n)]
    ),
    "keys": lambda n: json.dumps({f"k{n}_{i}": {"role": "user"} for i in range(n)}),
    "blanks": lambda n: "\n " * 100 * n,
    "errors": lambda n: "Error: " * 50 * n,
    "a stack": lambda n: "at x:1\n" * 50 * n,
    "backslashes": lambda n: '"' + "\\" * 100 * n + '"',
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("operation", ["chat", "execute_tool", "invoke_agent"])
def test_a_text_in_every_attribute(name: str, operation: str) -> None:
    def made(size: int) -> Callable[[], Any]:
        text = TEXTS[name](size)
        attributes = dict.fromkeys(KEYS, text) | {"gen_ai.operation.name": operation}
        return read(span(attributes, status_code=2, status_message=text))

    assert_linear(made(SIZE // 4), made(SIZE // 2))


@pytest.mark.parametrize("scope", SCOPES)
def test_hostile_texts_under_every_scope(scope: str) -> None:
    def made(size: int) -> Callable[[], Any]:
        values = (json.dumps({"messages": ["ChatMessage(" * 20 * size] * 5}), nested(size), b"\x91" * 100 * size)
        spread = {key: values[index % 3] for index, key in enumerate(KEYS)}
        return read(span({**spread, "messaging.operation": "process"}, scope_name=scope))

    assert_linear(made(SIZE // 4), made(SIZE // 2))


INDEXED = [
    *sorted({prefix for d in REGISTRY for prefix in (d.input_prefix, d.output_prefix, d.tools_prefix) if prefix}),
    "honeyhive_inputs._params_.",
    "code.function.parameters.",
]


@pytest.mark.parametrize("prefix", INDEXED)
@pytest.mark.parametrize(
    "rest", ["{}.role", "0.tool_calls.{}.name", "0.message.tool_calls.{}.tool_call.id", "{}.content.{}", "a{}.value"]
)
def test_keys_with_an_index(prefix: str, rest: str) -> None:
    def made(size: int) -> Callable[[], Any]:
        attributes = {prefix + rest.replace("{}", str(index)): f"{size}" for index in range(size)}
        return read(span({**attributes, "honeyhive_event_type": "tool", "llm.request.type": "chat"}))

    assert_linear(made(SIZE), made(2 * SIZE))


def test_keys_that_nobody_knows() -> None:
    def made(size: int) -> Callable[[], Any]:
        return read(
            span({f"mine.{size}.{index}." + "a." * 20: index for index in range(size)} | {"ai.operationId": ""})
        )

    assert_linear(made(SIZE), made(2 * SIZE))


@pytest.mark.parametrize("key", ["gen_ai.operation.name", "gen_ai.prompt.0.role", "honeyhive_inputs.a", "mine"])
def test_one_key_again_and_again(key: str) -> None:
    """Of a repeated key the first counts."""

    def made(size: int) -> Callable[[], Any]:
        values = [KeyValue(key=key, value=AnyValue(string_value=f"{index}")) for index in range(size)]
        otlp = OtlpSpan(trace_id=bytes(16), span_id=bytes(8), attributes=values).SerializeToString()
        decoded = read_span(otlp, {}, Scope("", "", {}))
        assert decoded.attributes == {key: "0"}
        normalises = read(decoded)
        return lambda: (read_span(otlp, {}, Scope("", "", {})), normalises())

    assert_linear(made(SIZE), made(2 * SIZE))


RECORDS = sorted({name for dialect in REGISTRY for name in dialect.records} | {"gen_ai.choice", "gen_ai.user.message"})


@pytest.mark.parametrize("name", RECORDS)
def test_span_events_and_log_records(name: str) -> None:
    def told(index: int) -> dict[str, Any]:
        return {"tool_name": "a", "call_id": f"c{index}", "content": "x", "input_token_count": 1, "success": "false"}

    def made(size: int) -> Callable[[], Any]:
        events = tuple(SpanEvent(index, name, told(index)) for index in range(size))
        logs = tuple(log(name, f"{size} {index}", told(index), index) for index in range(size))
        return read(span({"gen_ai.operation.name": "chat"}, events=events), logs)

    assert_linear(made(SIZE // 4), made(SIZE // 2))


@settings(max_examples=30, deadline=None)
@given(attributes=ATTRIBUTES, mark=st.tuples(st.sampled_from(CLAIMING), st.sampled_from(MARKS)))
def test_random_attributes_stretched(attributes: dict[str, Any], mark: tuple[str, str]) -> None:
    def made(times: int) -> Callable[[], Any]:
        return read(span({key: stretched(value, times) for key, value in attributes.items()} | {mark[0]: mark[1]}))

    assert_linear(made(50), made(100))


def stretched(value: Any, times: int) -> Any:
    """Texts and lists that many times as long; an object as the only item of such a list."""
    if isinstance(value, str | bytes | list):
        return value * times
    return [value] * times if isinstance(value, dict) else value
