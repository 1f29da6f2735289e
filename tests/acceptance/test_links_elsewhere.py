"""The page of a trace and of an issue lead to the same trace in other backends."""

from tests.agent_run import agent_run
from tests.fix_pages import running_pages
from tests.spans_made import new_id
from web.lists.typed_ids import datadog_id

LINKS = "Datadog=https://dd.example/{trace_id_decimal} Our_Jaeger=https://j.example/{trace_id}?x=<b>"


async def test_links_stand_on_both_pages(database: str) -> None:
    async with running_pages(database, trace_links=LINKS) as pages:
        trace_id = new_id(16)
        await pages.store_and_derive(agent_run(trace_id, 6, fails_every=3))
        issue = (await pages.json("/api/issues"))["issues"][0]["fingerprint"]
        shown = [await pages.html(f"/traces/{trace_id.hex()}"), await pages.html(f"/issues/{issue}")]
    for html in shown:
        assert f'href="https://dd.example/{datadog_id(trace_id)}"' in html
        assert f'href="https://j.example/{trace_id.hex()}?x=&lt;b&gt;"' in html
        assert 'rel="noopener noreferrer"' in html
