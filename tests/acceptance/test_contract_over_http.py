"""What the API says of a stored trace is what `inspect` says of the same records, field by field."""

from typing import Any

from tests.dialect_captures import scenarios
from tests.fix_pages import Records, read_records, running_pages
from tool_errors.inspect import inspect_records
from web.api.traces import SPANS_LIMIT

CAPTURES = scenarios()
ONE_TRACE = [capture for capture in CAPTURES if len(read_records(capture).trace_ids) == 1]


def inspected(records: Records) -> list[dict[str, Any]]:
    return inspect_records(records.spans, records.logs)


async def test_every_capture_of_one_trace(database: str) -> None:
    assert len(ONE_TRACE) > 70
    captures = {capture: read_records(capture) for capture in ONE_TRACE}
    async with running_pages(database) as pages:
        await pages.store_and_derive(
            [span for records in captures.values() for span in records.spans],
            [log for records in captures.values() for log in records.logs],
        )
        for capture, records in captures.items():
            (expected,) = inspected(records)
            found = await pages.json(f"/api/traces/{expected['trace_id']}")
            assert found.pop("spans_offset") == 0
            assert found.pop("spans_total") == len(expected["spans"]) <= SPANS_LIMIT
            assert found == expected, capture
