"""Keyword search goes from slice to slice of time and finds what looking through all words finds, page by page."""

import random

import pytest

from tests.conformance.conftest import Store
from tests.interactions_seeded import interaction, seed, seed_words
from trace_store.interactions import word_search
from trace_store.interactions.interaction_filters import Condition, has_words, number_condition, text_condition
from trace_store.interactions.interaction_reads import InteractionReads, Place

WORDS = ("often", "now", "seldom", "never")
WEIGHTS = (60, 20, 2, 0.3)
MINUTES = (0.0, 1.5, 61.0, 200.0, 60_000.0, -40_000_000.0)  # several in an hour, days without any, before 1970


def text(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, WEIGHTS, k=rng.randrange(4)))


async def search(
    reads: InteractionReads, asked: str, sides: tuple[int, ...], conditions: list[Condition], limit: int
) -> list[str]:
    """All pages of a search."""
    ids: list[str] = []
    after: Place | None = None
    while not ids or after:
        rows, after = await reads.with_words(asked, sides, conditions, after=after, limit=limit)
        ids += [row.event_id for row in rows]
        if after is None:
            break
    return ids


async def test_search_finds_what_looking_through_all_words_finds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_search, "SLICES", (5, 20, 60))
    rng = random.Random(8)
    rows = [
        interaction(
            f"e{n}", rng.choice(MINUTES) + n // 30, input=text(rng), output=text(rng), model=rng.choice("ab"),
            user_id=rng.choice("uv"),
        )
        for n in range(200)
    ]  # fmt: skip
    rng.shuffle(rows)
    seed(store.conninfo, "interactions", rows)
    await seed_words(store.conninfo, rows)
    starts = sorted(row.start_unix_nano for row in rows)
    async with store.reader.at_one_moment() as connection:
        reads = InteractionReads(connection, 1)
        for asked in ("'often'", "'now' & 'often'", "'seldom'", "'never' & 'often'", "'no'", "'of':*"):
            for sides in ((1, 2), (2,)):
                for conditions in (
                    [],
                    [number_condition("start_unix_nano", "gte", starts[120])],
                    [
                        number_condition("start_unix_nano", "lt", starts[180]),
                        text_condition("event_name", "eq", "chat"),
                    ],
                    [number_condition("start_unix_nano", "neq", starts[150]), text_condition("model", "eq", "a")],
                    [text_condition("user_id", "eq", "u")],
                ):
                    all_words = [*conditions, has_words(asked, sides)]
                    expected, _ = await reads.interactions(all_words, limit=1000)
                    ids = [row.event_id for row in expected]
                    assert await search(reads, asked, sides, conditions, 1000) == ids
                    assert await search(reads, asked, sides, conditions, 7) == ids
