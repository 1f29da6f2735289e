"""Mappings of users: what they say, in which order they claim, and sentences for what cannot be read."""

from pathlib import Path

import pytest

from tests.spans_by_hand import span
from tool_errors.rules import derived_by, read_mapping_sources, registry_for
from trace_store.dialects import BUILT_IN, normalise
from trace_store.dialects.mapping_file import BadMapping
from trace_store.dialects.registry import DialectRegistry

DOCS = Path(__file__).resolve().parents[2] / "docs" / "dialects.md"
ACME = """
[[dialect]]
name = "acme"
scopes = ["acme.tracing"]
markers = ["acme.step"]
known_prefixes = ["acme.debug."]

[dialect.fields]
model = "acme.model"
input_tokens = ["acme.tokens.in", "acme.prompt_tokens"]
tool_name = "acme.tool"
arguments = "input"
result = "output"
error_message = "acme.why"

[dialect.kinds."acme.step"]
Model_Call = "llm"
tool_run = "tool"
workflow = { type = "llm", repeats = true }

[dialect.failure_flags]
"acme.ok" = [false, "no"]
"""
SHARED = """
[[dialect]]
name = "our ids"
fields = { user_id = "our.customer" }
"""


def registry(text: str) -> DialectRegistry:
    return registry_for([("acme.toml", text)], "")


def test_a_mapping_claims_types_and_maps() -> None:
    llm = {"acme.step": "model_call", "acme.model": "m-1", "acme.prompt_tokens": 7, "acme.debug.x": 1, "other": 2}
    assert normalise(span(llm)) is None
    facts = registry(ACME).normalise(span(llm))
    assert facts is not None
    assert (facts.dialect, facts.type, facts.model, facts.input_tokens) == ("acme", "llm", "m-1", 7)
    assert facts.unmapped == ("other",)
    tool = {"acme.step": "tool_run", "acme.tool": "search", "input": '{"q": 1}', "acme.ok": "no", "acme.why": "down"}
    facts = registry(ACME).normalise(span(tool))
    assert facts is not None
    assert (facts.type, facts.tool_name, facts.arguments and facts.arguments.value) == ("tool", "search", {"q": 1})
    assert facts.failure is not None
    assert (facts.failure.rule, facts.failure.message) == ("acme.ok", "down")
    aggregate = registry(ACME).normalise(span({"acme.step": "workflow"}))
    assert aggregate is not None
    assert aggregate.is_aggregate


def test_its_keys_hold_for_the_spans_it_claims_alone() -> None:
    foreign = span({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t", "input": "x"})
    assert registry(ACME).normalise(foreign) == normalise(foreign)


def test_a_mapping_without_marks_holds_for_every_claimed_span() -> None:
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "user.id": "u", "our.customer": "c"}
    facts = registry(SHARED).normalise(span(chat))
    assert facts is not None
    assert (facts.dialect, facts.user_id) == ("otel_genai", "c")
    assert registry(SHARED).normalise(span({"our.customer": "c"})) is None


@pytest.mark.parametrize(("priority", "claims"), [("before", "acme"), ("after", "otel_genai")])
def test_priority_decides_between_two_marks(priority: str, claims: str) -> None:
    text = f'[[dialect]]\nname = "acme"\npriority = "{priority}"\nmarker_prefixes = "acme."\nfields = {{ model = "m" }}'
    both = span({"acme.x": 1, "gen_ai.operation.name": "chat", "gen_ai.request.model": "m"})
    facts = registry(text).normalise(both)
    assert facts is not None
    assert facts.dialect == claims


@pytest.mark.parametrize(
    ("given", "mark"),
    [
        (span({"acme.step": "x"}, scope_name="acme.tracing"), "scope acme.tracing"),
        (span({"acme.step": "x"}), "attribute acme.step"),
    ],
)
def test_a_claim_names_its_mark(given, mark) -> None:
    claim = registry(ACME).claim(given)
    assert claim is not None
    assert (claim.table.dialect.name, claim.mark) == ("acme", mark)


def test_rules_have_a_name_that_mappings_change() -> None:
    assert registry_for([], "") is BUILT_IN
    assert registry_for([], "  # nothing\n") is BUILT_IN
    one, same, other = registry(ACME), registry(ACME + "# a comment\n"), registry(SHARED)
    assert derived_by(one) == derived_by(same)
    assert len({derived_by(BUILT_IN), derived_by(one), derived_by(other)}) == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[dialect]", "m.toml: this is no TOML"),
        ('name = "x"', "m.toml: 'name' is unknown here; each dialect begins with a line [[dialect]]"),
        ('[dialect]\nname = "x"', "write [[dialect]] with two brackets"),
        ("[[dialect]]", "m.toml: dialect 1 needs a name"),
        ('[[dialect]]\nname = "x"', "dialect 1 (x) maps nothing: give it fields"),
        ('[[dialect]]\nname = "x"\nmarks = 1', "'marks' is unknown; a dialect has name, priority, scopes"),
        ('[[dialect]]\nname = "x"\npriority = 1', 'priority is "before" or "after"'),
        ('[[dialect]]\nname = "x"\nfields = { modell = "m" }', "'modell' is no field; the fields are model"),
        ('[[dialect]]\nname = "x"\nfields = { model = 3 }', "fields.model is a text or a list of texts"),
        ('[[dialect]]\nname = "x"\nfields = { model = "" }', "fields.model is a text or a list of texts, none of them"),
        ('[[dialect]]\nname = "x"\nfields = "model"', "fields is a table"),
        ('[[dialect]]\nname = "x"\nkinds = { a = { b = "model" } }', "'model' is no span type; the types are agent"),
        ('[[dialect]]\nname = "x"\nkinds = { a = ["llm"] }', "['llm'] is no span type"),
        ('[[dialect]]\nname = "otel_genai"\nfields = { model = "m" }', "belongs to a built-in dialect"),
        (SHARED + SHARED, "the name 'our ids' belongs to a dialect of m.toml"),
        ("#" * 300_000, "m.toml: a mapping has at most 256 KiB"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, told: str) -> None:
    with pytest.raises(BadMapping) as caught:
        read_mapping_sources([("m.toml", text)])
    assert told in str(caught.value)


def test_the_example_in_the_documentation() -> None:
    text = DOCS.read_text().split("## Your own mapping", 1)[1]
    documented = registry(text.split("```toml\n", 1)[1].split("```", 1)[0])
    llm = {
        "acme.step": "Model_Call",
        "acme.model": "m-1",
        "acme.prompt_tokens": 7,
        "acme.debug.x": 1,
        "our.case": "c-1",
    }
    facts = documented.normalise(span(llm))
    assert facts is not None
    assert (facts.dialect, facts.type, facts.model, facts.input_tokens) == ("acme", "llm", "m-1", 7)
    assert (facts.conversation_id, facts.unmapped) == ("c-1", ())
    tool = {"acme.tool": "search", "acme.step": "tool_run", "acme.input": '{"q": 1}', "acme.status": "timeout"}
    facts = documented.normalise(span(tool))
    assert facts is not None
    assert (facts.type, facts.tool_name, facts.arguments and facts.arguments.value) == ("tool", "search", {"q": 1})
    assert facts.failure is not None
    facts = documented.normalise(span({"acme.agent.name": "a", "acme.search.query": "q"}))
    assert facts is not None
    assert facts.type == "retriever"
