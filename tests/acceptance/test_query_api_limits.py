"""The limits of the query API: questions in a minute per key, and the days of a search."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from otlp_receiver.access import AccessControl, KeyRules
from otlp_receiver.key_ring import KeyRing
from tests.fix_pages import new_key, running_pages
from tests.fix_server import running_server
from web.requests.query_limits import QueryLimits

pytestmark = pytest.mark.thorough

EVENTS = "/v1/events/count"


async def test_each_key_has_its_own_questions_and_pages_have_no_limit(database: str) -> None:
    keys = [{"authorization": f"Bearer {await new_key(database, 'read', slug)}"} for slug in ("one", "two")]
    ring = KeyRing(database)
    ring.open()
    try:
        await ring.fresh()
        control = AccessControl(ring, KeyRules(are_required=True))
        async with running_pages(database, access=control, limits=QueryLimits(queries_per_minute=1)) as pages:
            first = await pages.get(EVENTS, headers=keys[0])
            second = await pages.get("/v1/users", headers=keys[0])
            of_other = await pages.get(EVENTS, headers=keys[1])
            page = await pages.get("/api/traces", headers=keys[0])
    finally:
        await ring.close()

    assert (first.status_code, of_other.status_code, page.status_code) == (200, 200, 200)
    assert second.status_code == 429
    assert second.json()["error"]["code"] == "TOO_MANY_REQUESTS"
    assert "More than 1 question in a minute" in second.json()["error"]["message"]
    assert 1 <= int(second.headers["retry-after"]) <= 60


def ago(days: float) -> str:
    return quote((datetime.now(UTC) - timedelta(days=days)).isoformat())


@pytest.mark.parametrize(
    ("asked", "status"),  # {15}: fifteen days ago; a time in the name of a test would make each process another test
    [
        ("", 400),
        ("timestamp[lt]={1}", 400),
        ("timestamp[gte]={15}", 400),
        ("timestamp[gte]={13}", 200),
        ("timestamp[gte]={30}&timestamp[lt]={17}", 200),
        ("timestamp[gte]={30}&timestamp[lt]={15}", 400),
        ("timestamp.gt={30}&timestamp.gte={2}", 200),
        ("timestamp[gte]={15}&mode=regex", 400),
    ],
)
async def test_a_search_reaches_over_as_many_days_as_the_server_allows(database: str, asked: str, status: int) -> None:
    async with running_pages(database, limits=QueryLimits(search_days_max=14)) as pages:
        within = re.sub(r"\{(\d+)\}", lambda days: ago(int(days[1])), asked)
        response = await pages.get(f"/v1/events/search?query=refund&{within}")
        assert response.status_code == status, response.text
        if status == 400:
            assert response.json()["error"]["code"] == "BAD_REQUEST"
            assert "14-day date range limit" in response.json()["error"]["message"]


def test_a_server_takes_both_limits_as_settings() -> None:
    with running_server("--queries-per-minute", "2", "--search-days-max", "14") as server:
        refused = server.get("/v1/events/search?query=refund")
        assert (refused.status_code, "14-day date range limit" in refused.text) == (400, True)
        assert server.get(EVENTS).status_code == 200
        assert server.get(EVENTS).status_code == 429
        assert server.get("/api/traces").status_code == 200
