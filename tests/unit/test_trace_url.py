"""The address of a trace and of a span in it."""

import re
from pathlib import Path

import pytest

from web.trace.trace_url import span_of_call, trace_url, with_span

TRACE, SPAN = bytes(range(16)), bytes(range(8))
WEB = Path(__file__).parents[2] / "web"


@pytest.mark.parametrize("trace_id", [TRACE, TRACE.hex()])
def test_ids_are_bytes_or_hex(trace_id: bytes | str) -> None:
    path = f"/traces/{TRACE.hex()}"
    assert trace_url(trace_id) == trace_url(trace_id, "") == trace_url(trace_id, b"") == path
    assert trace_url(trace_id, SPAN) == trace_url(trace_id, SPAN.hex()) == with_span(path, SPAN.hex())
    assert trace_url(trace_id, SPAN) == f"{path}?span={SPAN.hex()}"


@pytest.mark.parametrize(
    ("call_key", "span_id"), [(SPAN.hex(), SPAN.hex()), ("call:c1", ""), (f"asked:{SPAN.hex()}:0", ""), ("", "")]
)
def test_a_call_that_only_messages_tell_has_no_span(call_key: str, span_id: str) -> None:
    assert span_of_call(call_key) == span_id


def test_no_page_makes_the_address_itself() -> None:
    files = [*WEB.rglob("*.py"), *(WEB / "templates").glob("*.html")]
    made = re.compile(r"/traces/\{[^}]*\}+\?span=|(?<!/api)/traces/\{\{|[\"']/traces/[\"'] ~|\}\?span=")
    found = [path.name for path in files if made.search(path.read_text())]
    assert found == ["trace_url.py"]
