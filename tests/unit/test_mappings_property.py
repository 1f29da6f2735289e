"""Mappings of users, explanations and steps of log records never raise, whatever they hold; their work is linear."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.counted_work import assert_linear
from tests.spans_by_hand import log, span
from tests.unit.test_dialects_property import ATTRIBUTES, MARKS, VALUES
from tool_errors.rules import read_mapping_sources
from trace_store.dialects import BUILT_IN, REGISTRY, with_mappings
from trace_store.dialects.explain import explain

MAPPED = ("mine.step", "mine.model", "mine.tokens", "mine.in", "mine.out", "mine.tool", "mine.user", "mine.state")
SOURCES = read_mapping_sources(
    [
        (
            "mine.toml",
            """
[[dialect]]
name = "mine"
scopes = ["mine"]
markers = ["mine.step"]
marker_prefixes = ["mine.agent."]
kinds."mine.step" = { model = "llm", tool = "tool", run = { type = "agent", repeats = true } }
failure_flags."mine.state" = ["failed"]
[dialect.fields]
model = "mine.model"
input_tokens = ["mine.tokens", "mine.in"]
tool_name = "mine.tool"
arguments = "mine.in"
result = "mine.out"
user_id = "mine.user"
input_messages = "mine.in"
output_messages = "mine.out"
output_calls = "mine.out"
usage = "mine.tokens"
request = "mine.in"
metadata = "mine.state"
events = "mine.out"

[[dialect]]
name = "shared"
fields = { user_id = "mine.user", conversation_id = "mine.state" }
""",
        )
    ],
)
MINE = with_mappings(SOURCES)
OWN = st.dictionaries(st.sampled_from(MAPPED), VALUES | st.sampled_from(["model", "tool", "run", "failed"]), max_size=8)
RECORDS = sorted({name for dialect in REGISTRY for name in dialect.records})
RECORD_KEYS = sorted({key for dialect in REGISTRY for key in (*dialect.run_keys, *dialect.call_keys)})


@settings(max_examples=200, deadline=None)
@given(own=OWN, attributes=ATTRIBUTES, scope=st.sampled_from(["mine", ""]), name=st.text(max_size=10))
def test_random_spans_of_a_mapping(own, attributes, scope, name) -> None:
    read = span({**attributes, **own, "mine.step": own.get("mine.step", "model")}, scope_name=scope, name=name)
    facts = MINE.normalise(read)
    assert facts is not None
    assert (facts.dialect, facts.span_id, facts.name) == ("mine", read.span_id, read.name)
    assert explain(read, (), MINE).dialect == "mine"
    MINE.transcript(read)


@settings(max_examples=300, deadline=None)
@given(
    event=st.sampled_from(RECORDS),
    body=VALUES,
    attributes=ATTRIBUTES,
    keys=st.dictionaries(st.sampled_from(RECORD_KEYS), VALUES | st.sampled_from(MARKS), max_size=6),
)
def test_random_log_records_of_every_dialect(event, body, attributes, keys) -> None:
    record = log(event, body, {**attributes, **keys})
    step = BUILT_IN.step_of_log(record, b"d" * 32, b"")
    assert step is None or (len(step.trace_id), len(step.span_id)) == (16, 8)
    assert BUILT_IN.tells_span(span({}), [record]) in ([True], [False])


@pytest.mark.parametrize("kind", ["model", "tool", "run"])
@pytest.mark.parametrize("text", ["[", '{"messages":', '[{"role":"user","content":"x"}],', "Error: "])
def test_twice_the_values_of_a_mapping_are_twice_the_work(kind: str, text: str) -> None:
    def made(size: int) -> Callable[[], object]:
        registry = with_mappings(SOURCES)
        attributes = dict.fromkeys(MAPPED, text * size) | {"mine.step": kind}
        attributes |= {f"mine.agent.{size}.{index}": "x" for index in range(size)}
        return lambda: (explain(span(attributes), (), registry), registry.transcript(span(attributes)))

    assert_linear(made(300), made(600))


@pytest.mark.parametrize("event", RECORDS)
def test_twice_a_log_record_is_twice_the_work(event: str) -> None:
    def made(size: int) -> Callable[[], object]:
        values = dict.fromkeys(RECORD_KEYS, "x" * size) | {f"k{size}.{index}": [index] for index in range(size)}
        record = log(event, {"content": ["x"] * size}, values)
        return lambda: (BUILT_IN.step_of_log(record, b"d" * 32, b""), BUILT_IN.tells_span(span({}), [record] * size))

    assert_linear(made(200), made(400))
