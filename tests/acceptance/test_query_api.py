"""The query API under /v1: every filter, order, cursor and count over seeded interactions, and what it refuses."""

import random
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from tests.fix_pages import Pages, running_pages
from tests.interactions_seeded import conversations_of, interaction, seed, users_of
from trace_store.interactions.interaction_rows import InteractionRow

TRAITS: dict[str, dict[str, Any]] = {"ann": {"plan": "pro", "seats": 12}, "bob": {"plan": "free"}}


def day() -> list[InteractionRow]:
    """Twelve interactions of three users, five minutes apart; every third failed, every fourth looped."""
    return [
        interaction(
            f"evt-{n:02}",
            minutes=5 * n,
            user_id=("ann", "bob", None)[n % 3],
            conversation_id=f"convo-{n // 4}",
            event_name="chat" if n % 2 else "summary",
            model=("gpt-4o", "claude-sonnet-4")[n % 2],
            input=f"question {n}",
            output=f"answer {n}",
            properties={"env": "test" if n < 6 else "live", "n": n, "deep": {"a": 1}},
            tools=["search"] if n % 2 else [],
            tool_call_count=n,
            error_count=int(n % 3 == 0),
            loop_count=int(n % 4 == 0),
            cost_usd=n / 100,
            duration_ns=n * 1_000_000_000,
            release="1.1" if n > 8 else "1.0",
        )
        for n in range(12)
    ]


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    rows = day()
    seed(database, "interactions", rows)
    seed(database, "conversations", conversations_of(rows))
    seed(database, "users", users_of(rows, TRAITS))
    async with running_pages(database) as running:
        yield running


async def ids(pages: Pages, query: str) -> list[int]:
    found = await pages.json(f"/v1/events?{query}")
    return sorted(int(event["id"].removeprefix("evt-")) for event in found["data"])


FILTERS: list[tuple[str, Any]] = [
    ("user_id=ann", lambda n: n % 3 == 0),
    ("user_id[eq]=ann", lambda n: n % 3 == 0),
    ("user_id[neq]=ann", lambda n: n % 3 != 0),
    ("user_id%5Bcontains%5D=n", lambda n: n % 3 == 0),
    ("convo_id[startsWith]=convo", lambda n: True),
    ("convo_id[endsWith]=-2", lambda n: n >= 8),
    ("event_name[neq]=chat", lambda n: n % 2 == 0),
    ("event_name=chat&user_id=bob", lambda n: n % 2 == 1 and n % 3 == 1),
    ("timestamp[gte]=2026-01-02T00:10:00Z&timestamp[lt]=2026-01-02T00:20:00Z", lambda n: n in (2, 3)),
    ("timestamp.gt=2026-01-02T00:10:00Z&timestamp.lte=2026-01-02T00:20:00Z", lambda n: n in (3, 4)),
    ("properties[env]=test", lambda n: n < 6),
    ("properties[env][neq]=test", lambda n: n >= 6),
    ("properties[n]=2.0", lambda n: n == 2),
    ("properties[n][gte]=2.0&properties[n][lt]=5", lambda n: 2 <= n < 5),
    ("properties[env][gt]=1", lambda n: False),
    ("properties[missing]=1", lambda n: False),
    ("traits[plan]=pro", lambda n: n % 3 == 0),
    ("traits[plan][neq]=pro", lambda n: n % 3 == 1),
    ("traits[seats][gte]=12", lambda n: n % 3 == 0),
    ("model[startsWith]=claude", lambda n: n % 2 == 1),
    ("release=1.1", lambda n: n > 8),
    ("tool=search", lambda n: n % 2 == 1),
    ("tool_error=true", lambda n: n % 3 == 0),
    ("tool_error=false", lambda n: n % 3 != 0),
    ("loop=true&tool_error=false", lambda n: n % 4 == 0 and n % 3),
    ("tool_error=search", lambda n: False),  # by name only findings count
    ("cost_usd[gt]=0.05", lambda n: n > 5),
    ("duration_ms[lte]=3000", lambda n: n <= 3),
    ("tool_call_count[eq]=7", lambda n: n == 7),
    ("signal=11111111-1111-4111-8111-111111111111", lambda n: False),
    ("neq=11111111-1111-4111-8111-111111111111", lambda n: True),
    ("signal_group=grp-1", lambda n: False),
    ("limit=50.0&order_by=-timestamp", lambda n: True),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS, ids=[query for query, _ in FILTERS])
async def test_a_filter_of_events(pages: Pages, query: str, expected: Any) -> None:
    wanted = [n for n in range(12) if expected(n)]
    assert await ids(pages, query) == wanted
    filters = query.removeprefix("limit=50.0&order_by=-timestamp")
    assert (await pages.json(f"/v1/events/count?{filters}"))["data"]["total"] == len(wanted)
    series = await pages.json(f"/v1/events/timeseries?interval=hour&{filters}")
    assert series["data"]["total"] == sum(bucket["count"] for bucket in series["data"]["buckets"]) == len(wanted)


async def test_an_event(pages: Pages) -> None:
    event = (await pages.json("/v1/events/evt-03"))["data"]
    assert event["user_id"] == "ann"
    assert event["convo_id"] == "convo-0"
    assert event["timestamp"] == "2026-01-02T00:15:00.000000Z"
    assert event["user_input"] == "question 3"
    assert event["assistant_output"] == "answer 3"
    assert event["model"] == "claude-sonnet-4"
    assert event["properties"] == {"env": "test", "n": 3, "deep": {"a": 1}}
    assert (await pages.get("/v1/events/nothing")).status_code == 404


@pytest.mark.parametrize("order", ["timestamp", "-timestamp"])
@pytest.mark.parametrize("limit", [1, 5, 12])
async def test_pages_of_events_are_the_whole_list(pages: Pages, order: str, limit: int) -> None:
    whole = [event["id"] for event in (await pages.json(f"/v1/events?order_by={order}"))["data"]]
    assert whole == sorted(whole, reverse=order.startswith("-"))
    assert len(whole) == 12
    found, cursor = [], ""
    while True:
        answer = await pages.json(f"/v1/events?order_by={order}&limit={limit}&cursor={cursor}")
        found += [event["id"] for event in answer["data"]]
        assert answer["meta"]["has_more"] == (answer["meta"]["cursor"] is not None)
        if not (cursor := answer["meta"]["cursor"] or ""):
            break
    assert found == whole


async def test_pages_over_equal_times_lose_nothing(database: str) -> None:
    names = [f"e/{n}" for n in range(20)]
    random.Random(4).shuffle(names)
    seed(database, "interactions", [interaction(name, minutes=0) for name in names])
    async with running_pages(database) as pages:
        found: list[str] = []
        cursor = ""
        while not found or cursor:
            answer = await pages.json(f"/v1/events?limit=3&cursor={cursor}")
            found += [event["id"] for event in answer["data"]]
            cursor = answer["meta"]["cursor"] or ""
        assert sorted(found) == sorted(names)
        assert len(found) == 20
        assert (await pages.json("/v1/events/e%2F7"))["data"]["id"] == "e/7"


async def test_a_cursor_may_be_the_id_of_an_event(pages: Pages) -> None:
    assert await ids(pages, "cursor=evt-03") == [0, 1, 2]
    assert len(await ids(pages, "cursor=abc")) == 12  # no list gave it: from the start


async def test_counts_and_facets(pages: Pages) -> None:
    assert (await pages.json("/v1/events/count?count_by=user_id"))["data"]["total"] == 2
    assert (await pages.json("/v1/events/count?count_by=convo_id"))["data"]["total"] == 3
    facets = (await pages.json("/v1/events/facets?field=user_id"))["data"]
    assert facets == [{"value": "ann", "count": 4}, {"value": "bob", "count": 4}]
    facets = (
        await pages.json("/v1/events/facets?timestamp.gte=2026-01-02T00:30:00Z&timestamp.lt=2026-01-03T00:00:00Z")
    )["data"]
    assert facets == [{"value": "chat", "count": 3}, {"value": "summary", "count": 3}]
    assert (await pages.json("/v1/events/facets?field=tool"))["data"] == [{"value": "search", "count": 6}]
    assert (await pages.json("/v1/events/facets?field=signal"))["data"] == []
    series = await pages.json("/v1/events/timeseries?interval=minute")
    assert len(series["data"]["buckets"]) == 12
    assert series["meta"] == {"interval": "minute"}


async def test_conversations_and_users(pages: Pages) -> None:
    found = await pages.json("/v1/conversations?order_by=-last_message_at&limit=2")
    assert [one["id"] for one in found["data"]] == ["convo-2", "convo-1"]
    assert found["meta"]["has_more"]
    rest = await pages.json(f"/v1/conversations?limit=2&cursor={found['meta']['cursor']}")
    assert [one["id"] for one in rest["data"]] == ["convo-0"]
    assert not rest["meta"]["has_more"]
    one = (await pages.json("/v1/conversations/convo-1"))["data"]
    assert one["message_count"] == 4
    assert one["started_at"] == "2026-01-02T00:20:00.000000Z"
    assert one["signals"] == []
    started = await pages.json("/v1/conversations?started_at[gte]=2026-01-02T00:21:00Z")
    assert [one["id"] for one in started["data"]] == ["convo-2"]
    users = (await pages.json("/v1/users?order_by=first_seen"))["data"]
    assert [user["id"] for user in users] == ["ann", "bob"]
    assert users[0]["event_count"] == 4
    assert [user["id"] for user in (await pages.json("/v1/users?traits[plan]=free"))["data"]] == ["bob"]
    assert (await pages.json("/v1/users/ann"))["data"]["traits"] == TRAITS["ann"]
    assert (
        (await pages.get("/v1/users/nobody")).status_code
        == (await pages.get("/v1/conversations/none")).status_code
        == 404
    )


async def test_signals_of_all_kinds(database: str, pages: Pages) -> None:
    posted = {"project_id": 1, "bucket": "2026-01-02", "event_id": "evt-05", "digest": "\\x00", "name": "thumbs_down"}
    posted |= {"received_at": "2026-01-02T01:00:00Z", "type": "feedback", "sentiment": "NEGATIVE", "properties": {}}
    with_partitions(database)
    seed(database, "feedback", [posted])
    (signal,) = (await pages.json("/v1/signals"))["data"]
    assert signal["name"] == "thumbs_down"
    assert signal["sentiment"] == "NEGATIVE"
    assert signal["group_id"] == "feedback"
    assert (await pages.json(f"/v1/signals/{signal['id']}"))["data"] == signal
    assert await ids(pages, f"signal={signal['id']}") == [5] == await ids(pages, "signal_group=feedback")
    assert 5 not in await ids(pages, f"neq={signal['id']}")
    event = (await pages.json("/v1/events/evt-05"))["data"]
    assert event["signals"] == [{"id": signal["id"], "name": "thumbs_down"}]
    assert (await pages.json("/v1/events/facets?field=signal"))["data"] == [{"value": signal["id"], "count": 1}]
    conversation = (await pages.json("/v1/conversations/convo-1"))["data"]
    assert conversation["signals"] == [{"id": signal["id"], "name": "thumbs_down", "count": 1}]
    groups = (await pages.json("/v1/signal-groups"))["data"]
    assert {group["id"]: group["signal_count"] for group in groups}["feedback"] == 1
    assert (await pages.json("/v1/signal-groups/feedback/signals"))["data"] == [signal]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        few = await pages.json(f"/v1/signal-groups?limit=2&order_by=created_at&cursor={cursor}")
        assert len(few["data"]) <= 2
        seen, cursor = seen + [group["id"] for group in few["data"]], few["meta"]["cursor"]
    assert sorted(seen) == sorted(group["id"] for group in groups)
    assert seen[-1] == "feedback", "the others have no signal yet"
    assert (await pages.get("/v1/signal-groups/grp-1")).status_code == 404


REFUSED = [
    ("/v1/events?limit=0", "limit=0"),
    ("/v1/events?limit=ten", "limit=ten"),
    ("/v1/events?order_by=-cost", "order_by=-cost"),
    ("/v1/events?colour=red", "colour"),
    ("/v1/events?user_id[like]=a", "user_id"),
    ("/v1/events?timestamp=2026", "timestamp[gte]"),
    ("/v1/events?timestamp[gte]=yesterday", "timestamp"),
    ("/v1/events?properties=1", "properties[plan]"),
    ("/v1/events?properties[n][gt]=many", "many"),
    ("/v1/events/count?count_by=model", "count_by=model"),
    ("/v1/events/timeseries?interval=year", "interval=year"),
    ("/v1/events/facets?field=colour", "field=colour"),
    ("/v1/traces", "event_id"),
    ("/v1/traces?event_id=x&trunc_len=-1", "trunc_len=-1"),
]


@pytest.mark.parametrize(("path", "named"), REFUSED)
async def test_a_refusal_names_what_is_wrong(pages: Pages, path: str, named: str) -> None:
    response = await pages.get(path)
    error = response.json()["error"]
    assert response.status_code == 400
    assert error["code"] == "BAD_REQUEST"
    assert named in error["message"]


def with_partitions(conninfo: str) -> None:
    """Partitions for the day of the seeded rows."""
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "CREATE TABLE rainbarrel.feedback_seeded PARTITION OF rainbarrel.feedback"
            " FOR VALUES FROM ('2026-01-02') TO ('2026-01-03')"
        )


async def test_traces_by_their_steps(pages: Pages) -> None:
    asked = {"steps": "search failed then gave up", "errors": True, "limit": 10}
    answer = await pages.client.post("/v1/query/traces", json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"data": [], "meta": {"cursor": None, "has_more": False}}
    for body, named in (({}, "steps is needed"), ({"steps": "a failed badly"}, "badly"), ({"colour": 1}, "colour")):
        refused = await pages.client.post("/v1/query/traces", json=body)
        assert refused.status_code == 400
        assert named in refused.json()["error"]["message"]
