"""Loads the named queries of `sql/*.sql`; no SQL text stands in a Python file.

A query begins with a line `-- name --`, goes on with one or more comment lines (what it promises, which index serves
it) and ends where the next one begins. What several queries of a file share begins with `-- part: name --` and stands
in them as `{name}`.
"""

import re
from dataclasses import dataclass
from importlib.resources import files

_HEADER = re.compile(r"^-- (part: )?(\w+) --$", re.MULTILINE)


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
    sections = _HEADER.split(read_sql(f"{file}.sql"))[1:]
    queries: dict[str, Query] = {}
    parts: dict[str, str] = {}
    for is_part, name, text in zip(sections[::3], sections[1::3], sections[2::3], strict=True):
        if name in queries or name in parts:
            raise ValueError(f"sql/{file}.sql names two queries {name!r}")
        lines = text.strip().splitlines()
        comments = [line for line in lines if line.startswith("--")]
        if not comments:
            raise ValueError(f"sql/{file}.sql: {name!r} does not say what it promises")
        statement = "\n".join(line for line in lines if not line.startswith("--")).strip()
        for part, shared in parts.items():
            statement = statement.replace(f"{{{part}}}", shared)
        if is_part:
            parts[name] = statement
        else:
            promise = " ".join(line.removeprefix("--").strip() for line in comments)
            queries[name] = Query(name, promise, statement.encode())
    return Queries(queries)
