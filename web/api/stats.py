"""`GET /api/stats`: totals of the store, or of one project."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from web.context import WebContext, context_of

router = APIRouter(prefix="/api")


@router.get("/stats")
async def get_stats(context: Annotated[WebContext, Depends(context_of)]) -> dict[str, Any]:
    """Distinct committed spans, derived traces, due marks, the age of the oldest one, and the database.

    Of all projects, unless the request names one or its key opens only some.
    """
    access = context.access
    is_of_all = access is not None and access.holder.project_ids is None and not access.is_named
    stats = await context.reader.stats(None if is_of_all else context.project_id)
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
