"""`/settings/storage`: what the store takes on disk per day and table, what retention drops when, where it leads."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from trace_store.upkeep.storage_sizes import DaySize, StorageSizes, read_storage_sizes
from web.context import WebContext, context_of
from web.requests.json_answers import json_answer
from web.templating import page

router = APIRouter(prefix="/settings")
Context = Annotated[WebContext, Depends(context_of)]
BAR_UNITS = 100.0  # the width of the largest day's bar


@dataclass(frozen=True, slots=True)
class DayLine:
    """A day with its bar."""

    day: DaySize
    bar_width: float


@router.get("/storage")
async def show_storage(context: Context) -> Response:
    """The page."""
    sizes = await _sizes(context)
    stats = await context.recent_stats()
    largest = max((day.size_bytes for day in sizes.days), default=0) or 1
    lines = [DayLine(day, round(BAR_UNITS * day.size_bytes / largest, 2)) for day in sizes.days]
    told: dict[str, Any] = {"sizes": sizes, "lines": lines, "retention_days": context.retention_days}
    return page("settings_storage.html", **told, database=stats.database, footer=await context.footer())


@router.get("/storage.json")
async def show_storage_json(context: Context) -> Response:
    """The page as JSON."""
    sizes = await _sizes(context)
    body = {"retention_days": context.retention_days} | asdict(sizes) | {"by_day_bytes": sizes.by_day_bytes}
    return json_answer(body)


async def _sizes(context: WebContext) -> StorageSizes:
    async with context.reader.freely_planned() as connection:
        return await read_storage_sizes(connection, context.retention_days, datetime.now(UTC).date())
