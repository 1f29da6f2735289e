"""Conversations over HTTP: all traces in order, what went wrong at its place, and the way between them."""

import json

from tests.client_only_run import QUESTION, client_only_run, trace_id
from tests.fix_pages import running_pages

REFUSED = "the restaurant refused"


async def test_a_conversation_is_one_read(database: str) -> None:
    spans = [span for trace in client_only_run(0, [REFUSED, None], conversation_id="table/for two") for span in trace]
    async with running_pages(database) as pages:
        await pages.store_and_derive(spans)
        found = await pages.json("/api/conversations/table%2Ffor%20two")
        assert (found["conversation_id"], found["group_id"]) == ("table/for two", trace_id(0, 0).hex())
        assert (found["offset"], found["shown"], found["total"], found["next_offset"]) == (0, 3, 3, None)
        assert [trace["trace_id"] for trace in found["traces"]] == [trace_id(0, number).hex() for number in range(3)]
        assert [trace["position"] for trace in found["traces"]] == [1, 2, 3]
        assert [trace["unanswered_count"] for trace in found["traces"]] == [0, 0, 0]
        ((failure,),) = [trace["failures"] for trace in found["traces"] if trace["failures"]]
        assert (failure["name"], failure["status"], failure["recovered"]) == ("book_table", "soft_error", True)
        assert failure["error"]["message"] == REFUSED
        failed = await pages.json("/api/traces?errors=1")
        assert [trace["trace_id"] for trace in failed["traces"]] == [
            trace["trace_id"] for trace in found["traces"] if trace["failures"]
        ]
        assert await pages.json("/conversations/table%2Ffor%20two.json") == found
        second = await pages.json("/api/conversations/table%2Ffor%20two?offset=1&limit=1")
        assert (second["shown"], second["next_offset"]) == (1, 2)
        assert second["traces"] == [found["traces"][1]]
        page = await pages.html("/conversations/table%2Ffor%20two")
        assert page.count(QUESTION) >= 3
        assert "recovered" in page
        assert REFUSED in page


async def test_traces_of_a_conversation_lead_to_each_other(database: str) -> None:
    spans = [span for trace in client_only_run(0, [None, None]) for span in trace]
    async with running_pages(database) as pages:
        await pages.store_and_derive(spans)
        pages_of = [await pages.html(f"/traces/{trace_id(0, number).hex()}") for number in range(3)]
        for number, html in enumerate(pages_of):
            assert f"part {number + 1} of 3" in html
            assert f'href="/conversations/{trace_id(0, 0).hex()}"' in html
            assert (f'href="/traces/{trace_id(0, number - 1).hex()}" rel="prev"' in html) == (number > 0)
            assert (f'href="/traces/{trace_id(0, number + 1).hex()}" rel="next"' in html) == (number < 2)
        assert f'href="/conversations/{trace_id(0, 0).hex()}"' in await pages.html("/traces")


async def test_a_run_without_a_conversation_id_has_its_page(database: str) -> None:
    spans = [span for trace in client_only_run(0, [REFUSED] * 4) for span in trace]
    async with running_pages(database) as pages:
        await pages.store_and_derive(spans)
        found = await pages.json(f"/api/conversations/{trace_id(0, 0).hex()}")
        assert (found["conversation_id"], found["total"]) == (None, 5)
        assert [len(trace["loops"]) for trace in found["traces"]] == [0, 0, 0, 0, 1]
        (loop,) = found["traces"][4]["loops"]
        assert [call["trace_id"] for call in loop["calls"]] == [trace_id(0, number).hex() for number in (1, 2, 3, 4)]
        member = await pages.json(f"/api/conversations/{trace_id(0, 3).hex()}")
        assert json.dumps(member) == json.dumps(found)
        html = await pages.html(f"/conversations/{trace_id(0, 0).hex()}")
        assert "belong together without a conversation id" in html
        assert "book_table ×4" in html


async def test_what_is_not_there_or_cannot_be(database: str) -> None:
    async with running_pages(database) as pages:
        for name in ("nobody", trace_id(0, 0).hex(), "00", "%00"):
            missing = await pages.get(f"/api/conversations/{name}")
            assert missing.status_code == 404
            assert "never received" in missing.json()["error"]
        refused = await pages.get("/api/conversations/x?offset=-1")
        assert refused.status_code == 400
        assert "offset" in refused.json()["error"]


async def test_a_user_who_asks_the_same_again_is_told_on_the_trace_that_did_not_help(database: str) -> None:
    spans = [span for run in (0, 1) for trace in client_only_run(run, [None], conversation_id="c") for span in trace]
    async with running_pages(database) as pages:
        await pages.store_and_derive(spans)
        answered, asked = trace_id(0, 1).hex(), trace_id(1, 0).hex()
        found = [await pages.json(f"/api/traces/{trace_id(run, n).hex()}") for run in (0, 1) for n in (0, 1)]
        assert [trace["asked_again"] for trace in found] == [None, asked, None, None]
        assert (found[1]["trace_id"], found[1]["run_ended_well"]) == (answered, True)
        page = await pages.html(f"/traces/{answered}")
        assert f'href="/traces/{asked}">asked again later</a>' in page
        assert 'data-ended-well="yes"' in page
        assert ['data-ended-well="no"' in await pages.html(f"/traces/{trace['trace_id']}") for trace in found] == [
            trace["run_ended_well"] is False for trace in found
        ]
        assert "asked again later" not in await pages.html(f"/traces/{asked}")
