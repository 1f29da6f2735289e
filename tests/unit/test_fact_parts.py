"""Facts come out of their parts as they went in, in parts that are few, bounded and never written again once full."""

from datetime import date
from itertools import count
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from trace_store.fact_parts import (
    RAW_BYTES_MAX,
    SPANS_MAX,
    Entry,
    NewPart,
    PartKey,
    PartPacker,
    StoredPart,
    crowds,
    newest_entries,
    span_key,
    unpack,
)
from trace_store.stored import SpanRow, TraceKey

PACKER, DECOMPRESS = PartPacker(), zstandard.ZstdDecompressor().decompress
DAY = date(2027, 1, 1)
KEY = PartKey(1, b"t" * 16, DAY, 3, 2)
NAMES = st.sampled_from(["otel_genai", "openinference", "mine \u00e9"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=5,
)
FACTS = st.dictionaries(st.text("xyz"), VALUES, max_size=3)


def entry(number: int, **facts: Any) -> Entry:
    return Entry(number.to_bytes(16, "big"), "tool", "otel_genai", facts)


def stored(part: NewPart, part_id: int = 1) -> StoredPart:
    sizes = (part.span_count, part.raw_bytes)
    return StoredPart(*part.key, part_id, *sizes, part.dialects, part.user_ids, part.keys, part.body)


def stored_all(entries: list[Entry], first_id: int = 1, key: PartKey = KEY) -> list[StoredPart]:
    return [stored(part, first_id + number) for number, part in enumerate(PACKER.pack(key, entries))]


def counting(parts: list[StoredPart]) -> dict[bytes, dict[str, Any]]:
    return {each.span_key: each.facts for each in newest_entries(parts)[TraceKey(1, KEY.trace_id), DAY].values()}


@given(st.lists(st.tuples(st.sampled_from(["llm", "tool"]), NAMES, FACTS), min_size=1, max_size=300))
def test_entries_come_back_as_they_went(made: list[tuple[str, str, dict[str, Any]]]) -> None:
    entries = [Entry(number.to_bytes(16, "big"), *each) for number, each in enumerate(made)]
    parts = stored_all(entries)
    told = [each for part in parts for each in unpack(part, DECOMPRESS)]
    clean = orjson.loads(orjson.dumps([each[1:] for each in entries]).replace(b"\\u0000", "\u2400".encode()))
    assert [each[0] for each in told] == [each[0] for each in entries]
    assert [[*each[1:]] for each in told] == clean
    assert [part.span_count for part in parts] == [SPANS_MAX] * (len(entries) // SPANS_MAX) + [
        rest for rest in [len(entries) % SPANS_MAX] if rest
    ]


def test_a_part_is_bounded_in_bytes_unless_one_span_is_larger() -> None:
    sizes = [RAW_BYTES_MAX // 3] * 4 + [2 * RAW_BYTES_MAX, 1]
    parts = list(PACKER.pack(KEY, [entry(number, text="x" * size) for number, size in enumerate(sizes)]))
    assert [part.span_count for part in parts] == [2, 2, 1, 1]
    assert all(len(part.body) < part.raw_bytes / 5 for part in parts[:3])


def test_what_repeats_takes_a_fraction() -> None:
    facts = {"tool_name": "look_up", "verdict": ["ok", "result", "result", "", ""], "service_name": "shop"}
    (part,) = PACKER.pack(KEY, [entry(number, tool_call_id=f"call_{number}", **facts) for number in range(50)])
    assert len(part.body) < 0.1 * part.raw_bytes


def test_users_can_be_asked_for() -> None:
    (part,) = PACKER.pack(KEY, [entry(1, user_id="ada"), entry(2), entry(3, user_id="bob"), entry(4, user_id="ada")])
    assert part.user_ids == ["ada", "bob"]
    assert PACKER.pack(KEY, [entry(1)])[0].user_ids == []
    (crowd,) = crowds(stored_all([entry(1, user_id="ada")], 1) + stored_all([entry(2)], 2), 1)
    (new,) = PACKER.merge(crowd, {entry(1).span_key, entry(2).span_key})
    assert new.user_ids == ["ada"]


def test_newer_rules_go_first_and_then_what_came_last() -> None:
    older, newer = KEY._replace(mapping_version=2), KEY._replace(detector_version=3)
    parts = stored_all([entry(1, by="newer")], 1, newer)
    parts += stored_all([entry(1, by="older"), entry(2, by="older")], 9, older)
    parts += stored_all([entry(1, by="first"), entry(3, by="first")], 3) + stored_all([entry(3, by="last")], 4)
    for order in (parts, parts[::-1]):
        assert [facts["by"] for _, facts in sorted(counting(order).items())] == ["newer", "older", "last"]


def test_merging_keeps_what_is_stored_and_counts() -> None:
    parts = [part for number in range(9) for part in stored_all([entry(number), entry(50, last=number)], number)]
    living = {entry(number).span_key for number in (0, 1, 2, 50)}
    (crowd,) = crowds(parts[::-1], 8)
    (part,) = PACKER.merge(crowd, living)
    assert counting([stored(part)]) == {each: {} for each in living} | {entry(50).span_key: {"last": 8}}
    assert PACKER.merge(crowd, set()) == []
    assert crowds(parts, 9) == []


@given(st.lists(st.tuples(st.sampled_from([0, 1]), st.lists(st.integers(0, 9), min_size=1)), min_size=3, max_size=20))
def test_merging_never_changes_what_counts(made: list[tuple[int, list[int]]]) -> None:
    """Whatever the parts hold again and which of them are small: their merged part is the last of all."""
    parts = []
    for part_id, (version, numbers) in enumerate(made):
        key = KEY._replace(mapping_version=version)
        (part,) = PACKER.pack(key, [entry(number, by=part_id) for number in dict.fromkeys(numbers)])
        parts.append(stored(part, part_id)._replace(raw_bytes=RAW_BYTES_MAX if len(numbers) > 5 else 1))
    before = counting(parts)
    for crowd in crowds(parts, 1):
        new = [stored(part, len(made) + number) for number, part in enumerate(PACKER.merge(crowd, before))]
        after = [part for part in parts if part not in crowd.small] + new
        assert counting(after) == before


@pytest.mark.parametrize(("spans", "text_bytes"), [(1, 10), (5, 100), (1, RAW_BYTES_MAX // 5), (1, RAW_BYTES_MAX)])
def test_a_trace_that_grows_is_written_a_bounded_number_of_times(spans: int, text_bytes: int) -> None:
    """Each batch is a part; whenever there are many small ones they are merged, as the processor does."""
    parts: list[StoredPart] = []
    ids = count()
    written, number, batches = 0, 0, 150
    for _ in range(batches):
        made = PACKER.pack(KEY, [entry(number + each, text="x" * text_bytes) for each in range(spans)])
        parts += [stored(part, next(ids)) for part in made]
        number += spans
        for crowd in crowds(parts, 8):
            new = PACKER.merge(crowd, {each.span_key for part in crowd.small for each in unpack(part, DECOMPRESS)})
            if len(new) < len(crowd.small):
                parts = [*crowd.others, *(stored(part, next(ids)) for part in new)]
                written += sum(part.span_count for part in new)
    assert len(counting(parts)) == number
    assert written <= 8 * number
    assert len(parts) <= 9 + number / (SPANS_MAX / 2) + number * text_bytes / (RAW_BYTES_MAX / 2)


def test_a_body_that_an_older_schema_left_is_plain() -> None:
    (part,) = stored_all([entry(1, a=1)])
    plain = part._replace(body=b'[["tool", {"a": 1}]]')
    assert list(unpack(plain, DECOMPRESS)) == list(unpack(part, DECOMPRESS))
    (crowd,) = crowds([plain, *stored_all([entry(2, text="a\nb")], 2)], 1)
    (new,) = PACKER.merge(crowd, {entry(1).span_key, entry(2).span_key})
    assert counting([stored(new)]) == {entry(1).span_key: {"a": 1}, entry(2).span_key: {"text": "a\nb"}}


def test_a_span_is_told_from_its_other_versions() -> None:
    row = SpanRow(1, b"t" * 16, b"s" * 8, b"", 1, 2, DAY, "n", 1, 0, 1, b"d" * 16)
    assert span_key(row) != span_key(row._replace(digest=b"e" * 16))
    with pytest.raises(ValueError, match="3 bytes instead of 8"):
        span_key(row._replace(span_id=b"abc"))
