"""What the benchmark of the query API asks, each time for another user, word, tool or model."""

import random
from urllib.parse import quote

from tests.benchmarks.asking import Question
from tests.benchmarks.interactions_made import DAY_NS, EVENTS, MODELS, RARE, TOOLS
from web.filters import utc


def questions(now: int, interactions: int) -> dict[str, Question]:
    """By name; each makes a path with values of its own."""

    def days(count: int) -> str:
        return f"timestamp[gte]={quote(utc(now - count * DAY_NS))}"

    def user(rng: random.Random) -> str:
        return f"user_id=user-{int(rng.random() ** 2 * 50_000)}"

    def tool(rng: random.Random) -> str:
        return rng.choice(TOOLS)

    def model(rng: random.Random) -> str:
        return rng.choice(MODELS)

    def common(rng: random.Random) -> str:
        return f"common{rng.randrange(200)}"

    return {
        "list, newest": lambda rng: "/v1/events",
        "list, of a user": lambda rng: f"/v1/events?{user(rng)}",
        "list, of a model": lambda rng: f"/v1/events?model={model(rng)}",
        "list, of a model that is rare": lambda rng: f"/v1/events?model={RARE}",
        "list, failed calls of a tool": lambda rng: f"/v1/events?tool_error={tool(rng)}",
        "list, oldest first of 7 days": lambda rng: f"/v1/events?order_by=timestamp&{days(7)}",
        "conversations": lambda rng: "/v1/conversations",
        "users": lambda rng: "/v1/users",
        "signals": lambda rng: "/v1/signals",
        "one event": lambda rng: f"/v1/events/evt-{rng.randrange(interactions):08}",
        "spans of an event": lambda rng: f"/v1/traces?event_id=evt-{rng.randrange(interactions):08}",
        "count": lambda rng: "/v1/events/count",
        "count, of a user": lambda rng: f"/v1/events/count?{user(rng)}",
        "count, of an event name": lambda rng: f"/v1/events/count?event_name={rng.choice(EVENTS)}",
        "count, of a signal": lambda rng: f"/v1/events/count?signal=tool_error:{tool(rng)}",
        "count, of users": lambda rng: "/v1/events/count?count_by=user_id",
        "count, of users of 5 days": lambda rng: f"/v1/events/count?count_by=user_id&{days(5)}",
        "count, of users of a model": lambda rng: f"/v1/events/count?count_by=user_id&model={model(rng)}",
        "timeseries, hours of 7 days": lambda rng: f"/v1/events/timeseries?interval=hour&{days(7)}",
        "timeseries, days": lambda rng: "/v1/events/timeseries",
        "timeseries, days of a model": lambda rng: f"/v1/events/timeseries?model={model(rng)}",
        "facets of event_name": lambda rng: "/v1/events/facets?field=event_name",
        "facets of user_id": lambda rng: "/v1/events/facets?field=user_id",
        "facets of tool": lambda rng: "/v1/events/facets?field=tool",
        "facets of signal": lambda rng: "/v1/events/facets?field=signal",
        "facets of model, of an event name": lambda rng: (
            f"/v1/events/facets?field=model&event_name={rng.choice(EVENTS)}"
        ),
        "combination: model, tool, failed, 14 days": lambda rng: (
            f"/v1/events/count?model={model(rng)}&tool={tool(rng)}&tool_error=true&{days(14)}"
        ),
        "combination: property, release, 14 days": lambda rng: (
            f"/v1/events/facets?field=tool&properties[env]=test&release=1.{rng.randrange(11, 20)}&{days(14)}"
        ),
        "search, one word, 14 days": lambda rng: f"/v1/events/search?query={common(rng)}&{days(14)}",
        "search, two words, 14 days": lambda rng: f"/v1/events/search?query={common(rng)} {common(rng)}&{days(14)}",
        "search, rare words, 14 days": lambda rng: (
            f"/v1/events/search?query=common1 common2 common3 {common(rng)}&{days(14)}"
        ),
        "search, a Japanese character, 14 days": lambda rng: (
            f"/v1/events/search?query={quote(rng.choice('天東注返請配'))}&{days(14)}"
        ),
        "search, two Chinese characters, 14 days": lambda rng: (
            f"/v1/events/search?query={quote(rng.choice(['订单', '退款', '支付']))}&{days(14)}"
        ),
        "overview page, 24 hours": lambda rng: "/overview.json?range=24h",
        "overview page, 30 days": lambda rng: "/overview.json?range=30d",
    }
