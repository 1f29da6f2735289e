"""What is remembered of the keys and texts of spans changes no result and stays bounded."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.spans_by_hand import span
from trace_store import attributes
from trace_store.dialects import REGISTRY, registry, table
from trace_store.dialects.dialect import Dialect
from trace_store.dialects.flattened import FlatMessage, unflatten
from trace_store.dialects.registry import DialectRegistry
from trace_store.model import Span

PARTS = st.lists(st.sampled_from(["0", "1", "10", "message", "role", "content", "a"]), min_size=1, max_size=4)
LEAVES = st.integers() | st.dictionaries(st.sampled_from(["0", "1", "a"]), st.integers(), max_size=2)


@given(st.lists(st.tuples(PARTS, LEAVES), max_size=8))
def test_a_message_met_again_is_put_together_as_the_first_time(pairs: list[tuple[list[str], Any]]) -> None:
    parts = [(tuple(path), f"key {number}") for number, (path, _) in enumerate(pairs)]
    values = {f"key {number}": value for number, (_, value) in enumerate(pairs)}
    message = FlatMessage(parts)
    expected = unflatten([(path, values[key]) for path, key in parts])
    assert [message.read(values) for _ in range(4)] == [expected] * 4


def test_spans_with_ever_new_keys_are_read_with_bounded_memory() -> None:
    known = DialectRegistry(REGISTRY)
    for number in range(registry.LAYOUTS_REMEMBERED_MAX + 10):
        facts = known.normalise(span({"gen_ai.operation.name": "chat", f"made.up.{number}": 1}))
        assert facts is not None
        assert facts.unmapped == (f"made.up.{number}",)
    assert len(known._layouts) <= registry.LAYOUTS_REMEMBERED_MAX
    assert all(len(found._layouts) <= table.LAYOUTS_REMEMBERED_MAX for found in known._tables)


def test_a_rewrite_that_says_ever_new_keys_is_read_with_bounded_memory() -> None:
    def rewrite(span: Span, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
        return {f"ours.{attributes['number']}": "m", "said.model": f"m{attributes['number']}"}

    ours = Dialect("ours", markers=frozenset({"number"}), fields={"model": ("said.model",)}, rewrite=rewrite)
    known = DialectRegistry([ours])
    for number in range(3 * table.REWRITES_REMEMBERED_MAX):
        for _ in range(2):
            facts = known.normalise(span({"number": number, "gen_ai.x": 1}))
            assert facts is not None
            assert (facts.model, facts.unmapped) == (f"m{number}", ("number", "gen_ai.x", f"ours.{number}"))
    assert all(len(found._with) <= table.REWRITES_REMEMBERED_MAX for found in known._layouts.values())


def test_a_text_is_parsed_once_and_texts_are_forgotten() -> None:
    texts = ['{"a": [%d]}' % number for number in range(3 * attributes.RECENT_TEXTS_MAX)]  # noqa: UP031
    for number, text in enumerate(texts):
        assert attributes.parse_text(text) is attributes.parse_text(text)
        assert attributes.parse_text(text) == {"a": [number]}
    assert len(attributes.RECENT_TEXTS) <= attributes.RECENT_TEXTS_MAX
