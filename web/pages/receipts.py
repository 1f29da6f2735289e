"""`/settings/receipts`: what was received and what was refused, by hour and signal, with the JSON twin."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from trace_store.reader import ReceiptRow
from web.context import WebContext, context_of
from web.json_answers import json_answer
from web.templating import page

router = APIRouter(prefix="/settings")
Context = Annotated[WebContext, Depends(context_of)]
PAGE_ROWS = 100


@router.get("/receipts.json")
async def show_json(context: Context, before: datetime | None = None) -> Response:
    """The page as JSON."""
    receipts, later = await _receipts(context, before)
    body = {"receipts": [_receipt_json(row) for row in receipts], "next": later}
    return json_answer(body)


@router.get("/receipts")
async def show_receipts(context: Context, before: datetime | None = None) -> Response:
    """The newest 100, or those `before` a moment."""
    receipts, later = await _receipts(context, before)
    told: dict[str, Any] = {"receipts": receipts, "later": later and later.isoformat()}
    return page("settings_receipts.html", here="receipts", **told, footer=await context.footer())


async def _receipts(context: WebContext, before: datetime | None) -> tuple[list[ReceiptRow], datetime | None]:
    """A page and where the next one begins; receipts of one commit, which bear one time, are not torn apart."""
    found = await context.reader.receipts(context.project_id, before, PAGE_ROWS)
    if len(found) < PAGE_ROWS:
        return found, None
    receipts = [row for row in found if row.received_at > found[-1].received_at] or found
    return receipts, receipts[-1].received_at


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
