"""`/live`: what arrives is sent once, each change again, and only what passes the filter."""

from tests.agent_run import accepted, agent_run, made
from tests.fix_pages import EventStream, running_pages
from tests.spans_made import NOW, new_id
from trace_store.model import AcceptedSpan


def run_of(agent: str, trace_id: bytes, number: int = 1, parent: int = 0) -> list[AcceptedSpan]:
    said = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent}
    return accepted([made(trace_id, number, parent, f"invoke_agent {agent}", said, NOW + number)])


async def told_of(stream: EventStream, trace_id: bytes) -> str:
    """Everything that comes up to the event that tells of this trace."""
    told = ""
    while trace_id.hex() not in told:
        told += await stream.next_event()
    return told


async def test_what_arrives_is_told_and_again_when_it_changes(database: str) -> None:
    async with running_pages(database) as pages:
        failing, first, second, other = (new_id(16) for _ in range(4))
        await pages.store_and_derive(agent_run(failing, 6, fails_every=3))
        page = await pages.html("/live")
        stream, errors = EventStream(pages.app, "/live/events?q=shop"), EventStream(pages.app, "/live/events?errors=1")
        failed = await told_of(errors, failing)
        await pages.store_and_derive(run_of("shop", first))
        told = await told_of(stream, first)
        await pages.store_and_derive(run_of("bank", other))
        await pages.store_and_derive(run_of("shop", second))
        told += await told_of(stream, second)
        await pages.store_and_derive(run_of("shop", first, 2, 1))
        told += await told_of(stream, first)  # again
        for open_stream in (stream, errors):
            await open_stream.leave()
        now = await pages.json("/live.json?errors=1")

    assert f'data-trace="{failing.hex()}"' in page
    assert failed.startswith("event: rows\ndata: <tr")
    assert not any(trace_id.hex() in told for trace_id in (failing, other))
    assert not any(trace_id.hex() in failed for trace_id in (first, second, other))
    assert [trace["trace_id"] for trace in now["traces"]] == [failing.hex()]
    assert len(now["traces"][0]["latest_calls"]) == 3
