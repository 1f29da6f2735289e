"""A person says of a finding that it is none: over the API and by the form of its pane; and it stays said."""

import asyncio
import urllib.parse
from collections.abc import AsyncIterator

import pytest

from tests.acceptance.test_issues_over_http import failing
from tests.fix_pages import AT_ONCE, Pages, running_pages
from tests.run_cli import rainbarrel
from tool_errors.processor import Processor


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


async def issues(pages: Pages) -> set[str]:
    return {issue["kind"] for issue in (await pages.json("/api/issues"))["issues"] if issue["events"]}


async def test_a_verdict_survives_reprocessing(pages: Pages) -> None:
    spans = failing()
    await pages.store_and_derive(spans)
    trace_id, span_id = spans[0].trace_id.hex(), spans[1].span_id.hex()
    path = f"/api/findings/{trace_id}/call:{span_id}/verdict"
    said = await pages.client.post(path, json={"verdict": "not_an_error", "note": "a probe <b>", "by": "Kim"})
    assert said.status_code == 200, said.text
    assert [(v["verdict"], v["rule"]) for v in said.json()["verdicts"]] == [("not_an_error", "span_status")]
    await pages.derive()
    assert await issues(pages) == set()
    stop = asyncio.Event()
    processor = asyncio.create_task(Processor(pages.conninfo, AT_ONCE).run(stop))
    again = await asyncio.to_thread(rainbarrel, "reprocess", "--all", "--database-url", pages.conninfo)
    stop.set()
    await processor
    assert again.returncode == 0, again.stderr
    assert await issues(pages) == set()
    derived = await pages.json(f"/api/traces/{trace_id}")
    assert [call["status"] for call in derived["tool_calls"]] == ["error"], "the derived status stays"
    pane = await pages.html(f"/traces/{trace_id}?span={span_id}")
    assert "not an error" in pane
    assert "a probe &lt;b&gt;" in pane
    measured = (await pages.json("/settings/verdicts.json"))["precision"]
    assert measured == [{"kind": "tool_error", "rule": "span_status", "right": 0, "looked_at": 1}]
    assert "0 of 1 finding that somebody looked at" in await pages.html("/settings/verdicts")
    assert (await pages.client.delete(path)).json() == {"verdicts": []}
    await pages.derive()
    assert await issues(pages) == {"tool_error"}
    assert (await pages.client.delete(path)).status_code == 404


async def test_the_forms_of_a_call_in_a_loop(pages: Pages) -> None:
    spans = failing(calls=4)
    await pages.store_and_derive(spans)
    trace_id, span_id = spans[0].trace_id.hex(), spans[2].span_id.hex()
    page = f"/traces/{trace_id}?span={span_id}"
    (loop,) = (await pages.json(f"/api/traces/{trace_id}"))["loops"]
    pane = await pages.html(page)
    assert pane.count(f'action="/traces/{trace_id}/verdict"') == 2
    form = {"finding_key": f"loop:{loop['id']}", "verdict": "not_a_loop", "back": page, "of_issue": "1"}
    done = await pages.client.post(f"/traces/{trace_id}/verdict", data=form)
    assert (done.status_code, done.headers["location"]) == (303, page)
    await pages.derive()
    whole = await pages.html(page)
    assert "data-dismissed-loop" in whole, "the header says that it is none"
    assert "is-loop" not in whole
    assert "data-loop=" not in whole
    assert "Repeat " not in whole
    other = failing(calls=4)
    await pages.store_and_derive(other)
    assert await issues(pages) == {"tool_error"}, "every loop like it, also a later one"
    assert "of every such loop" in await pages.html(f"/traces/{other[0].trace_id.hex()}?span={other[2].span_id.hex()}")
    form |= {"verdict": "take_back_of_issue"}
    assert (await pages.client.post(f"/traces/{trace_id}/verdict", data=form)).status_code == 303
    await pages.derive()
    assert await issues(pages) == {"tool_error", "loop"}
    assert "data-dismissed-loop" not in await pages.html(page)
    assert "data-loop=" in await pages.html(page)


async def test_what_is_refused(pages: Pages) -> None:
    empty = await pages.get("/settings/verdicts", headers={"accept": "text/html", "host": "rainbarrel.example:8080"})
    assert "Nobody has said anything" in empty.text
    assert "http://rainbarrel.example:8080/api/findings" in empty.text
    spans = failing()
    await pages.store_and_derive(spans)
    trace_id, key = spans[0].trace_id.hex(), f"call:{spans[1].span_id.hex()}"
    path = f"/api/findings/{trace_id}/{key}/verdict"
    foreign = {"origin": "http://evil.example"}
    assert (await pages.client.post(path, json={"verdict": "right"}, headers=foreign)).status_code == 403
    form = {"finding_key": key, "verdict": "right"}
    assert (await pages.client.post(f"/traces/{trace_id}/verdict", data=form, headers=foreign)).status_code == 403
    for body, words in (
        ({"verdict": "not_a_loop"}, "say right or not_an_error"),
        ({"verdict": "right", "of_issue": "yes"}, "of_issue is true or false"),
        ({"verdict": "right", "x": 1}, "x is not known here"),
        ({"verdict": "right", "note": "n" * 1001}, "at most 1,000 characters"),
    ):
        refused = await pages.client.post(path, json=body)
        assert (refused.status_code, words in refused.json()["error"]) == (400, True), refused.text
    for unknown in ("call:0", "no/such key", "loop:0"):
        place = f"/api/findings/{trace_id}/{urllib.parse.quote(unknown, safe='')}/verdict"
        verdict = "not_a_loop" if unknown.startswith("loop") else "right"
        assert (await pages.client.post(place, json={"verdict": verdict})).status_code == 404
    back = form | {"back": "//evil.example/traces/"}
    assert (await pages.client.post(f"/traces/{trace_id}/verdict", data=back)).status_code == 400
    assert await issues(pages) == {"tool_error"}
