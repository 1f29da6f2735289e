"""Addresses of trace files: good for 15 minutes, for one trace, and no other than signed."""

import pytest

from trace_store.stored import TraceKey
from web.requests.errors import Forbidden
from web.trace.trace_files import FILE_PARTS, LIFETIME_S, narrowed, read_token, sign, too_large

SECRET, TRACE = b"s" * 32, TraceKey(7, bytes(range(16)))


@pytest.mark.parametrize("part", FILE_PARTS)
def test_a_token_tells_what_it_is_for_until_it_expires(part: str) -> None:
    token = sign(SECRET, TRACE, part, 1_000.0)  # type: ignore[arg-type]
    assert read_token(SECRET, token, 1_000.0 + LIFETIME_S - 1) == (TRACE, part)
    with pytest.raises(Forbidden, match="has expired"):
        read_token(SECRET, token, 1_000.0 + LIFETIME_S)


def test_no_altered_token_counts() -> None:
    token = sign(SECRET, TRACE, "all", 1_000.0)
    other = sign(SECRET, TraceKey(8, TRACE.trace_id), "all", 1_000.0)
    said, signature = token.split(".")
    other_said, other_signature = other.split(".")
    altered = [f"{other_said}.{signature}", f"{said}.{other_signature}", said, f"{said}.", "", ".", "?.?", f"{token}x"]
    altered += [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in range(0, len(said), 5)]
    for each in altered:
        with pytest.raises(Forbidden, match="altered"):
            read_token(SECRET, each, 1_000.0)
    with pytest.raises(Forbidden, match="altered"):
        read_token(b"t" * 32, token, 1_000.0)


def test_a_part_of_the_contract_keeps_what_is_said_of_the_trace() -> None:
    calls = [{"status": status} for status in ("ok", "error", "soft_error", "unanswered", "pending")]
    contract = {"trace_id": "5", "input": "q", "spans": [1], "tool_calls": calls, "llm_calls": [2], "loops": [3]}
    assert narrowed(contract, "spans") == {"trace_id": "5", "input": "q", "spans": [1]}
    assert narrowed(contract, "tool_calls") == {"trace_id": "5", "input": "q", "tool_calls": calls}
    assert narrowed(contract, "failures")["tool_calls"] == calls[1:4]


def test_a_file_that_is_too_large_says_what_to_narrow() -> None:
    assert "30.0 MB, more than 25 MB: ask for one part (failures, tool_calls or spans)" in too_large(30_000_000, "all")
    assert 'ask for part="failures"' in too_large(30_000_000, "tool_calls")
    assert "get_span" in too_large(30_000_000, "spans")
