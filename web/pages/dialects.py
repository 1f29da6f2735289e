"""`/settings/dialects`: what the newest spans are written in, and which no dialect knows; with its JSON twin."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Response

from trace_store.facts import MAPPING_VERSION
from trace_store.lists.dialects_seen import DialectsSeen, SpanGroup
from web.context import WebContext, context_of
from web.requests.json_answers import json_answer
from web.templating import page

router = APIRouter(prefix="/settings")
Context = Annotated[WebContext, Depends(context_of)]
SCOPES_MAX = 50  # how many scopes of unclaimed spans the page lists


@router.get("/dialects")
async def show_dialects(context: Context) -> Response:
    """The page."""
    return page("settings_dialects.html", page=await _read(context), footer=await context.footer())


@router.get("/dialects.json")
async def show_dialects_json(context: Context) -> Response:
    """The page as JSON."""
    body = orjson.dumps(await _read(context))
    return json_answer(body)


async def _read(context: WebContext) -> dict[str, Any]:
    seen: DialectsSeen = await context.dialects_seen(context.project_id)
    stats = await context.recent_stats()
    unclaimed = sum(group.span_count for group in seen.unclaimed)
    saved = await context.rules.saved(context.project_id)
    return {
        "traces_shown": seen.trace_count,
        "traces_total": max(stats.traces, seen.trace_count),
        "spans_shown": seen.span_count,
        "spans_total": max(stats.spans, seen.span_count),
        "unclaimed_spans": unclaimed,
        "mapping_version": MAPPING_VERSION,
        "saved_mapping_version": saved.version if saved and saved.text.strip() else None,
        "dialects": [
            _group(group)
            | {
                "dialect": group.dialect,
                "mapping_versions": sorted({group.mapping_version_min or 0, group.mapping_version_max or 0}),
            }
            for group in seen.claimed
        ],
        "unclaimed_scopes": [_group(group) | {"scope": group.scope or ""} for group in seen.unclaimed[:SCOPES_MAX]],
        "unclaimed_scopes_total": len(seen.unclaimed),
    }


def _group(group: SpanGroup) -> dict[str, Any]:
    return {
        "spans": group.span_count,
        "first_unix_nano": str(group.first_unix_nano),
        "last_unix_nano": str(group.last_unix_nano),
        "newest": {"trace_id": group.trace_id.hex(), "span_id": group.span_id.hex()},
    }
