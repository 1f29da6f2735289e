"""Search of events by keywords and by patterns, over seeded interactions."""

from collections.abc import AsyncIterator

import pytest

from tests.fix_pages import Pages, running_pages
from tests.interactions_seeded import interaction, seed, seed_words

TEXTS = [
    ("Where is my refund?", "Your refund is on its way."),
    ("明日の天気予報を教えて", "東京は晴れです"),
    ("Cancel order A-77", "Cancelled. No refund was due."),
    ("REFUNDS for all orders", None),
    (None, "it's 100% done"),
]


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    rows = [
        interaction(f"e{n}", minutes=n, user_id="ann", input=given, output=got) for n, (given, got) in enumerate(TEXTS)
    ]
    seed(database, "interactions", rows)
    await seed_words(database, rows)
    async with running_pages(database) as running:
        yield running


async def found(pages: Pages, query: str) -> list[str]:
    return [event["id"] for event in (await pages.json(f"/v1/events/search?{query}"))["data"]]


RANGE = "timestamp[gte]=2026-01-02T00:00:00Z"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("query=refund", ["e2", "e0"]),
        ("query=Refund way", ["e0"]),
        ("query=refund*", ["e3", "e2", "e0"]),
        ("query=refund&search_in=user_input", ["e0"]),
        ("query=refund&search_in=assistant_output", ["e2", "e0"]),
        ("query=天気", ["e1"]),
        ("query=晴", ["e1"]),
        ("query=it's", ["e4"]),
        ("query=nothing like this", []),
        ("query=refund&user_id=bob", []),
        ("query=refund&limit=1", ["e2"]),
        ("query=refund&timestamp[lt]=2026-01-02T00:01:00Z", ["e0"]),
        (f"query=refund|予報&mode=regex&{RANGE}", ["e3", "e2", "e1", "e0"]),
        (f"query=order [A-Z]-\\d%2B&mode=regex&{RANGE}", ["e2"]),
        (f"query=refund&mode=regex&search_in=assistant_output&{RANGE}", ["e2", "e0"]),
    ],
)
async def test_search(pages: Pages, query: str, expected: list[str]) -> None:
    assert await found(pages, query) == expected


async def test_pages_of_a_pattern_search_are_the_whole_of_it(pages: Pages) -> None:
    ids: list[str] = []
    cursor = ""
    while not ids or cursor:
        answer = await pages.json(f"/v1/events/search?query=refund&mode=regex&limit=1&{RANGE}&cursor={cursor}")
        ids += [event["id"] for event in answer["data"]]
        cursor = answer["meta"]["cursor"] or ""
    assert ids == ["e3", "e2", "e0"]
    whole = (await pages.json(f"/v1/events/search?query=refund&mode=regex&{RANGE}"))["meta"]
    assert whole == {"cursor": None, "has_more": False, "looked_at": 5, "looked_until": None}


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "query is needed"),
        ("query=a&mode=semantic", "mode=semantic does not exist"),
        ("query=!!!", "no letter or digit"),
        ("query=a&search_in=title", "search_in"),
        ("query=a&mode=regex", "timestamp[gte]"),
        (f"query=(&mode=regex&{RANGE}", "RE2"),
    ],
)
async def test_a_refused_search_says_why(pages: Pages, query: str, named: str) -> None:
    response = await pages.get(f"/v1/events/search?{query}")
    assert response.status_code == 400
    assert named in response.json()["error"]["message"]


async def test_a_text_of_many_words_is_found_by_its_last(database: str) -> None:
    row = interaction("long", minutes=0, input=" ".join(f"word{n}x" for n in range(200_000)))
    seed(database, "interactions", [row])
    await seed_words(database, [row])
    async with running_pages(database) as pages:
        for word in ("word0x", "word199999x"):
            assert await found(pages, f"query={word}") == ["long"]
