"""The table `tool_definitions`: what models were told of their tools, each definition once per project.

LLM calls name their definitions by digest. A definition goes when no span of its last day can be there any more.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import psycopg
from psycopg.rows import class_row

from trace_store.attributes import preview
from trace_store.derived_tables import rows_json
from trace_store.facts import ToolDefinition
from trace_store.queries import load

SQL = load("tool_definitions")
NAME_BYTES_MAX = 400
DESCRIPTION_BYTES_MAX = 16_384
SCHEMA_BYTES_MAX = 65_536
HISTORY_MAX = 50
SEEN_MAX = 50_000  # definitions by project and release that a processor knows to be stored


@dataclass(frozen=True, slots=True)
class ToolDefinitionRow:
    """A row of `tool_definitions`."""

    project_id: int
    digest: bytes
    name: str
    description: str
    schema: dict[str, Any] | None  # JSON schema of the arguments; None when not told or too long
    is_cut: bool  # the description or the schema is too long to be kept whole; the spans have it
    first_seen: datetime.date
    last_seen: datetime.date
    releases: list[str] = field(default_factory=list)  # the last 20 that offered it, the newest last


class ToolDefinitionWriter:
    """Collects the definitions that the spans of a claim name, and writes what is new about them before it ends.

    A definition that is known to be stored costs one look at a dict. What was written counts only after the commit.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[int, bytes, str], tuple[datetime.date, datetime.date]] = {}
        self._new: dict[tuple[int, bytes, str], tuple[datetime.date, datetime.date, ToolDefinition]] = {}

    def add(self, project_id: int, day: datetime.date, release: str, definitions: Sequence[ToolDefinition]) -> None:
        """Definitions that a span of that day and release names."""
        for found in definitions:
            key = (project_id, found.digest, release)
            first, last, *_ = self._new.get(key) or self._seen.get(key) or (datetime.date.max, datetime.date.min)
            if not first <= day <= last:
                self._new[key] = (min(first, day), max(last, day), found)

    async def write(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Writes what is new, in key order, as the last statement that locks anything in the transaction."""
        if self._new:
            await connection.execute(SQL.put, {"rows": rows_json(self._rows())})

    def committed(self) -> None:
        """The transaction of the last `write` has ended well."""
        if len(self._seen) + len(self._new) > SEEN_MAX:
            self._seen.clear()
        self._seen |= {key: (first, last) for key, (first, last, _) in self._new.items()}
        self._new.clear()

    def rolled_back(self) -> None:
        """The transaction left nothing."""
        self._new.clear()

    def _rows(self) -> list[ToolDefinitionRow]:
        rows: dict[tuple[int, bytes], ToolDefinitionRow] = {}
        for (project_id, digest, release), (first, last, found) in self._new.items():
            held = rows.get((project_id, digest))
            if held is None:
                rows[project_id, digest] = _row(project_id, found, first, last, [release] if release else [])
            else:
                releases = held.releases + ([release] if release else [])
                rows[project_id, digest] = _row(
                    project_id, found, min(first, held.first_seen), max(last, held.last_seen), releases
                )
        return list(rows.values())


async def read_definitions_of_call(
    connection: psycopg.AsyncConnection[Any], project_id: int, trace_id: bytes, span_id: bytes
) -> list[ToolDefinitionRow]:
    """What an LLM call offered: the definitions that its row names; at most TOOL_DEFINITIONS_MAX."""
    parameters = {"project_id": project_id, "trace_id": trace_id, "span_id": span_id}
    return await _read(connection, SQL.of_llm_call, parameters)


async def read_definitions_of_tool(
    connection: psycopg.AsyncConnection[Any], project_id: int, name: str, limit: int
) -> list[ToolDefinitionRow]:
    """How a tool was defined over time, the last seen first, those with a schema before those without."""
    return await _read(connection, SQL.by_name, {"project_id": project_id, "name": name, "limit": limit})


async def read_definition_history(
    connection: psycopg.AsyncConnection[Any], project_id: int, name: str
) -> tuple[list[tuple[ToolDefinitionRow, str]], int]:
    """The newest 50 definitions of a tool, the newest first, each with the release that it came with, "" when none is
    told; and how many there are."""
    parameters = {"project_id": project_id, "name": name, "limit": HISTORY_MAX}
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(SQL.history, parameters, prepare=False)
        rows = await cursor.fetchall()
    return [(ToolDefinitionRow(*row[:-2]), row[-2]) for row in rows], rows[0][-1] if rows else 0


async def _read(
    connection: psycopg.AsyncConnection[Any], query: bytes, parameters: dict[str, Any]
) -> list[ToolDefinitionRow]:
    async with connection.cursor(binary=True, row_factory=class_row(ToolDefinitionRow)) as cursor:
        await cursor.execute(query, parameters, prepare=True)
        return await cursor.fetchall()


def _row(
    project_id: int, found: ToolDefinition, first: datetime.date, last: datetime.date, releases: list[str]
) -> ToolDefinitionRow:
    description = preview(found.description, DESCRIPTION_BYTES_MAX)
    schema = found.schema
    if schema is not None and len(orjson.dumps(schema)) > SCHEMA_BYTES_MAX:
        schema = None
    is_cut = description != found.description or schema is not found.schema
    name = preview(found.name, NAME_BYTES_MAX)
    return ToolDefinitionRow(project_id, found.digest, name, description, schema, is_cut, first, last, releases)
