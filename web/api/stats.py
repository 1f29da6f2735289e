"""`GET /api/stats`: totals of the store."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from web.context import WebContext, context_of

router = APIRouter(prefix="/api")


@router.get("/stats")
async def get_stats(context: Annotated[WebContext, Depends(context_of)]) -> dict[str, Any]:
    """Distinct committed spans, derived traces, due marks, the age of the oldest one, and the database."""
    stats = await context.reader.stats()
    database = asdict(stats.database)
    database["tier"] = stats.database.tier.value
    database["label"] = stats.database.tier.label
    return {
        "spans": stats.spans,
        "traces": stats.traces,
        "dirty": stats.dirty,
        "derive_lag_s": stats.derive_lag_s,
        "database": database,
    }
