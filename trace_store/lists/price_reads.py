"""Reads what model calls cost, and which models are without a price."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from trace_store.derived_rows import LlmCallRow
from trace_store.queries import load
from trace_store.span_reads import fetch
from trace_store.stored import TraceKey

SQL = load("prices")


@dataclass(frozen=True, slots=True)
class UnpricedModel:
    """A model that was called and has no price, with all its calls of one provider."""

    model: str | None
    provider: str | None
    calls: int
    input_tokens: int
    output_tokens: int


async def read_unpriced_models(
    connection: psycopg.AsyncConnection[Any], project_id: int, limit: int
) -> tuple[list[UnpricedModel], int]:
    """Those with most tokens first, and how many there are."""
    rows = await fetch(connection, SQL.unpriced_models, {"project_id": project_id, "limit": limit})
    found = [UnpricedModel(row[0], row[1], row[2], int(row[3]), int(row[4])) for row in rows]
    return found, rows[0][5] if rows else 0


async def read_llm_call(connection: psycopg.AsyncConnection[Any], trace: TraceKey, span_id: bytes) -> LlmCallRow | None:
    """The LLM call whose outermost span this is; None when it is none."""
    async with connection.cursor(binary=True, row_factory=class_row(LlmCallRow)) as cursor:
        await cursor.execute(SQL.llm_call, trace._asdict() | {"span_id": span_id}, prepare=True)
        return await cursor.fetchone()
