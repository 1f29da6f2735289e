"""Loads the named queries of `sql/*.sql`; no SQL text stands in a Python file.

A query begins with a line `-- name --`, goes on with one or more comment lines (what it promises, which index serves
it) and ends where the next one begins.
"""

import re
from dataclasses import dataclass
from importlib.resources import files

_HEADER = re.compile(r"^-- (\w+) --$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """One statement with the promise that its comment makes."""

    name: str
    promise: str
    sql: bytes


class Queries:
    """The queries of one file; each is an attribute that holds its statement, ready for `execute`."""

    def __init__(self, queries: dict[str, Query]) -> None:
        self.queries = queries

    def __getattr__(self, name: str) -> bytes:
        try:
            return self.queries[name].sql
        except KeyError:
            raise AttributeError(f"no query is called {name!r}") from None


def read_sql(path: str) -> str:
    """The text of a file below `trace_store/sql`."""
    return (files("trace_store") / "sql" / path).read_text(encoding="utf-8")


def load(file: str) -> Queries:
    """Reads `sql/{file}.sql`; ValueError for a query without a promise or with a name that is taken."""
    parts = _HEADER.split(read_sql(f"{file}.sql"))
    queries: dict[str, Query] = {}
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        if name in queries:
            raise ValueError(f"sql/{file}.sql names two queries {name!r}")
        lines = text.strip().splitlines()
        comments = [line for line in lines if line.startswith("--")]
        if not comments:
            raise ValueError(f"sql/{file}.sql: {name!r} does not say what it promises")
        statement = "\n".join(line for line in lines if not line.startswith("--")).strip()
        queries[name] = Query(name, " ".join(line.removeprefix("--").strip() for line in comments), statement.encode())
    return Queries(queries)
