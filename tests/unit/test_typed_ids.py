"""Ids in every spelling that people paste."""

import base64
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.lists.typed_ids import TypedIds, datadog_id, read_typed_ids

TRACE, SPAN = bytes.fromhex("4bf92f3577b34da6a3ce929d0e0e4736"), bytes.fromhex("00f067aa0ba902b7")


@pytest.mark.parametrize(
    "text",
    [
        TRACE.hex(),
        TRACE.hex().upper(),
        f"  0x{TRACE.hex()} ",
        str(uuid.UUID(bytes=TRACE)),
        base64.b64encode(TRACE).decode(),
        base64.urlsafe_b64encode(TRACE).decode().rstrip("="),
        str(int.from_bytes(TRACE)),
    ],
)
def test_a_trace_id_in_every_spelling(text: str) -> None:
    assert read_typed_ids(text) == TypedIds((TRACE,))


@pytest.mark.parametrize("text", [SPAN.hex(), base64.b64encode(SPAN).decode(), str(int.from_bytes(SPAN))])
def test_a_span_id_in_every_spelling(text: str) -> None:
    assert SPAN in read_typed_ids(text).halves


def test_a_traceparent_names_both() -> None:
    assert read_typed_ids(f"00-{TRACE.hex()}-{SPAN.hex()}-01") == TypedIds((TRACE,), (), SPAN)


@pytest.mark.parametrize(
    "text",
    ["", "0", "404", "000000", "lookup_order", "12 34", "é" * 22, "9" * 39, "g" * 32, "=" * 24, "²" * 16],
)
def test_what_is_no_id(text: str) -> None:
    assert read_typed_ids(text) == TypedIds()


def test_sixteen_digits_can_be_hex_and_decimal() -> None:
    text = "1234567890123456"
    assert set(read_typed_ids(text).halves) == {bytes.fromhex(text), int(text).to_bytes(8)}


@given(st.binary(min_size=16, max_size=16))
def test_datadogs_number_leads_back_to_the_lower_half(trace_id: bytes) -> None:
    number = datadog_id(trace_id)
    assert int(number) == int.from_bytes(trace_id) % 2**64
    assert len(number) < 6 or trace_id[8:] in read_typed_ids(number).halves


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    found = read_typed_ids(text)
    assert all(len(trace) == 16 for trace in found.traces)
    assert all(len(half) == 8 for half in found.halves)
