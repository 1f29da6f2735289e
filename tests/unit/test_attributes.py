"""Attribute values: AnyValue to Python and JSON, the wrapping taken off, the canonical payload."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from trace_store.attributes import REPR_CHARS_MAX, json_safe, key_values, payload, preview, unwrap
from trace_store.facts import PREVIEW_BYTES_MAX

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def test_every_kind_of_any_value_is_read() -> None:
    array = AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=1), AnyValue()]))
    pairs = [
        KeyValue(key="s", value=AnyValue(string_value="x")),
        KeyValue(key="b", value=AnyValue(bool_value=True)),
        KeyValue(key="d", value=AnyValue(double_value=0.5)),
        KeyValue(key="y", value=AnyValue(bytes_value=b"\x00\xff")),
        KeyValue(key="a", value=array),
        KeyValue(key="m", value=AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="k", value=array)]))),
        KeyValue(key="n", value=AnyValue()),
    ]
    assert key_values(pairs) == {
        "s": "x", "b": True, "d": 0.5, "y": b"\x00\xff", "a": [1, None], "m": {"k": [1, None]}, "n": None
    }  # fmt: skip


def test_the_first_of_a_repeated_key_counts() -> None:
    pairs = [KeyValue(key="k", value=AnyValue(int_value=1)), KeyValue(key="k", value=AnyValue(int_value=2))]
    assert key_values(pairs) == {"k": 1}


def test_what_json_cannot_hold() -> None:
    value = {"nan": math.nan, "inf": -math.inf, "bytes": b"\x00\xff", 1: (1, 2)}
    assert json_safe(value) == {"nan": "nan", "inf": "-inf", "bytes": "AP8=", "1": [1, 2]}


@pytest.mark.parametrize(
    "written",
    [
        {"city": "Oslo"},
        '{"city": "Oslo"}',
        json.dumps('{"city": "Oslo"}'),
        {"args": [], "kwargs": {"city": "Oslo"}},
        '{"args": [], "kwargs": {"city": "Oslo"}}',
        '{"args": [null], "kwargs": {"city": "Oslo"}}',
        '{"kwargs": {"city": "Oslo"}}',
        '{"args": [], "sanitize": true, "kwargs": {"city": "Oslo"}}',
        '{"args": ["{\\"city\\": \\"Oslo\\"}"]}',
        "{'city': 'Oslo'}",
        '{"input_str": "{\'city\': \'Oslo\'}", "tags": ["x"]}',
    ],
)
def test_the_same_arguments_from_different_dialects_are_equal(written: object) -> None:
    assert unwrap(written) == {"city": "Oslo"}
    assert payload(unwrap(written)).digest == payload({"city": "Oslo"}).digest


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("22", "22"),
        ("true", "true"),
        ('"text"', "text"),
        ("it's {not} json", "it's {not} json"),
        ("{broken", "{broken"),
        ('{"args": ["-l"], "command": "ls"}', {"args": ["-l"], "command": "ls"}),
        ('{"args": [1, 2], "kwargs": {}}', [1, 2]),
        ('{"args": [1], "kwargs": {"a": 2}}', {"args": [1], "kwargs": {"a": 2}}),
        ('{"args": "all", "kwargs": 1}', {"args": "all", "kwargs": 1}),
        ("", ""),
        (7, 7),
    ],
)
def test_only_wrapping_is_taken_off(written: object, value: object) -> None:
    assert unwrap(written) == value


def test_a_long_python_repr_stays_text() -> None:
    written = "{'a': '" + "x" * REPR_CHARS_MAX + "'}"
    assert unwrap(written) is written


def test_key_order_does_not_matter() -> None:
    assert payload({"a": 1, "b": [{"c": 1, "d": 2}]}).digest == payload({"b": [{"d": 2, "c": 1}], "a": 1}).digest
    assert payload({"a": 1}).digest != payload({"a": 2}).digest
    assert payload([1, 2]).digest != payload([2, 1]).digest


def test_a_preview_is_cut_at_a_character() -> None:
    shown = payload("a" + "ä" * PREVIEW_BYTES_MAX).preview
    assert len(shown.encode()) == PREVIEW_BYTES_MAX - 1
    assert set(shown) == {"a", "ä"}
    assert payload({"b": 1, "a": "é"}).preview == '{"a":"é","b":1}'


def test_values_beyond_json_have_a_payload() -> None:
    assert payload(2**70).preview == str(2**70)
    assert payload("\ud800").preview == "\ufffd"
    assert payload(unwrap('{"cut": "\\ud83d"}')).value == {"cut": "\ufffd"}
    assert payload(unwrap("{'n': 100000000000000000000}")).value == {"n": "1" + "0" * 20}
    assert payload(math.nan).value == "nan"


@given(JSON_VALUES)
def test_json_text_and_value_are_one_payload(value: object) -> None:
    wrapped = json.dumps({"args": [], "kwargs": {"value": value}})
    assert payload(unwrap(wrapped)).digest == payload({"value": value}).digest


@given(st.text(), st.integers(0, 50))
def test_previews_are_valid_and_bounded(text: str, bytes_max: int) -> None:
    shown = preview(text, bytes_max)
    assert len(shown.encode()) <= bytes_max
    assert text.encode("utf-8", "replace").startswith(shown.encode())
