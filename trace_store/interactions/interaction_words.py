"""The words of interactions for keyword search: written with their rows, gone with them.

An interaction changes more often than its texts: when it settles, with each call. Its words are left as they are, then.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg

from trace_store.interactions.interaction_rows import InteractionRow
from trace_store.interactions.search_words import words_of
from trace_store.queries import load

SQL = load("interaction_words")
INPUT, OUTPUT = 1, 2  # sides
ROW_BYTES_MAX = 600_000  # of words in one row: a tsvector holds 1 MiB with what it adds to each


async def write_words(
    connection: psycopg.AsyncConnection[Any], gone: Iterable[InteractionRow], written: Iterable[InteractionRow]
) -> None:
    """Makes the words of rows that were just written equal to their texts; `gone` are the rows that stood there before.

    Those of rows that were deleted are gone already (foreign key).
    """
    before = {(row.project_id, row.event_id): _told(row) for row in gone}
    rows = [row for row in written if before.get((row.project_id, row.event_id)) != _told(row)]
    again = [row for row in rows if (row.project_id, row.event_id) in before]
    if again:
        parameters = {"project_ids": [row.project_id for row in again], "event_ids": [row.event_id for row in again]}
        await connection.execute(SQL.delete_words, parameters)
    names = ("project_ids", "event_ids", "sides", "parts", "starts", "texts")
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for row in rows:
        for side, text in ((INPUT, row.input), (OUTPUT, row.output)):
            for part, words in enumerate(_parts(sorted(words_of(text or "")))):
                columns["project_ids"].append(row.project_id)
                columns["event_ids"].append(row.event_id)
                columns["sides"].append(side)
                columns["parts"].append(part)
                columns["starts"].append(row.start_unix_nano)
                columns["texts"].append(" ".join(words))
    if columns["texts"]:
        await connection.execute(SQL.add_words, columns)


def _told(row: InteractionRow) -> tuple[str | None, str | None, int]:
    """What the words of a row are made of."""
    return row.input, row.output, row.start_unix_nano


def _parts(words: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for word in words:
        part.append(word)
        size += len(word.encode()) + 5  # what a tsvector adds to a word
        if size > ROW_BYTES_MAX:
            yield part
            part, size = [], 0
    if part:
        yield part
