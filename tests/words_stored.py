"""Looks for words in everything that is stored: every blob decompressed, every column of text, bytes or JSON read."""

from collections.abc import Iterable, Iterator
from typing import Any

import zstandard

from trace_store.connections import connect

ZSTD = b"\x28\xb5\x2f\xfd"
COLUMNS = """SELECT c.relname, a.attname, t.typname FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = 'rainbarrel'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped
  AND t.typname IN ('text', '_text', 'varchar', 'bytea', '_bytea', 'jsonb', 'json', 'tsvector', 'name')"""


def unpacked(value: Any) -> Iterator[bytes]:
    """The bytes of a column's value, and what they are when decompressed."""
    for each in value if isinstance(value, list) else [value]:
        raw = bytes(each) if isinstance(each, bytes | memoryview) else str(each).encode()
        yield raw
        if raw.startswith(ZSTD):
            yield zstandard.ZstdDecompressor().decompress(raw)


async def places(conninfo: str, words: Iterable[str]) -> dict[str, set[str]]:
    """Where the words stand: by table and column, after VACUUM, in all tables that there are.

    A word of 32 hex digits is looked for as 16 bytes, too.
    """
    wanted = [(word, word.encode(), _binary(word)) for word in words]
    found: dict[str, set[str]] = {}
    async with await connect(conninfo, "test") as connection:
        await connection.execute(b"VACUUM")
        columns = await (await connection.execute(COLUMNS.encode())).fetchall()
        assert len(columns) > 100
        for table, column, kind in columns:
            shown = f'"{column}"::text' if kind in ("jsonb", "json", "tsvector", "name") else f'"{column}"'
            rows = await connection.execute(
                f'SELECT {shown} FROM "{table}" WHERE "{column}" IS NOT NULL'.encode()  # names of the catalogue
            )
            for (value,) in await rows.fetchall():
                for raw in unpacked(value):
                    hits = {word for word, text, binary in wanted if text in raw or binary in raw}
                    if hits:
                        found.setdefault(f"{table}.{column}", set()).update(hits)
    return found


def _binary(word: str) -> bytes:
    try:
        return bytes.fromhex(word) if len(word) == 32 else word.encode()
    except ValueError:
        return word.encode()
