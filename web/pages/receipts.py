"""`/settings/receipts`: what was received and what was refused: of the last day in sum, then commit by commit."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from trace_store.lists.issue_rows import Trend
from trace_store.reader import ReceiptRow
from trace_store.received_lately import ReceivedSignal, lately_begins, read_received_lately
from web.charts.sparkline import Bar, sparkline
from web.context import WebContext, context_of
from web.requests.json_answers import json_answer
from web.templating import page

router = APIRouter(prefix="/settings")
Context = Annotated[WebContext, Depends(context_of)]
PAGE_ROWS = 100
HOUR_S = 3600


@router.get("/receipts.json")
async def show_json(context: Context, before: datetime | None = None) -> Response:
    """The page as JSON; sums and dialects on the first page alone."""
    receipts, later = await _receipts(context, before)
    body: dict[str, Any] = {"receipts": [_receipt_json(row) for row in receipts], "next": later}
    if before is None:
        lately = await _lately(context, datetime.now(UTC))
        body |= {"last_24_hours": [_lately_json(one) for one in lately], "dialects": await _dialects(context)}
    return json_answer(body)


@router.get("/receipts")
async def show_receipts(context: Context, before: datetime | None = None) -> Response:
    """The newest 100 below the sums of the last day, or those `before` a moment."""
    receipts, later = await _receipts(context, before)
    told: dict[str, Any] = {"receipts": receipts, "later": later and later.isoformat(), "lately": [], "dialects": []}
    if before is None:
        now = datetime.now(UTC)
        told["lately"] = [(one, _bars(one, now)) for one in await _lately(context, now)]
        told["dialects"] = await _dialects(context)
    return page("settings_receipts.html", **told, footer=await context.footer())


async def _receipts(context: WebContext, before: datetime | None) -> tuple[list[ReceiptRow], datetime | None]:
    """A page and where the next one begins; receipts of one commit, which bear one time, are not torn apart."""
    found = await context.reader.receipts(context.project_id, before, PAGE_ROWS)
    if len(found) < PAGE_ROWS:
        return found, None
    receipts = [row for row in found if row.received_at > found[-1].received_at] or found
    return receipts, receipts[-1].received_at


async def _lately(context: WebContext, now: datetime) -> list[ReceivedSignal]:
    async with context.reader.freely_planned() as connection:
        return await read_received_lately(connection, context.project_id, now)


async def _dialects(context: WebContext) -> list[dict[str, Any]]:
    """What the newest traces are written in, most spans first."""
    seen = await context.dialects_seen(context.project_id)
    known = [{"dialect": group.dialect, "spans": group.span_count} for group in seen.claimed]
    unclaimed = sum(group.span_count for group in seen.unclaimed)
    return known + ([{"dialect": None, "spans": unclaimed}] if unclaimed else [])


def _bars(one: ReceivedSignal, now: datetime) -> tuple[Bar, ...]:
    return sparkline(Trend(lately_begins(now), HOUR_S, one.by_hour))


def _lately_json(one: ReceivedSignal) -> dict[str, Any]:
    return {
        "signal": one.signal,
        "accepted": one.accepted,
        "duplicate": one.duplicate,
        "rejected": one.rejected,
        "late": one.late,
        "bytes": one.raw_bytes,
        "accepted_by_hour": one.by_hour,
    }


def _receipt_json(row: ReceiptRow) -> dict[str, Any]:
    return {
        "received_at": row.received_at,
        "signal": row.signal,
        "accepted": row.accepted,
        "duplicate": row.duplicate,
        "rejected": row.rejected,
        "late": row.late,
        "bytes": row.bytes,
    }
