"""Interactions have the whole question and answer that spans tell, of which derived rows hold the beginnings."""

import pytest

from tests.agent_run import accepted, made
from tests.conformance.conftest import Store
from tests.conformance.test_interactions import ASSOCIATION, batch, rows, send
from tests.fix_pages import AT_ONCE
from tests.spans_made import new_id
from tool_errors.processor import Processor
from trace_store.flush import CommitBatch
from trace_store.stored import TraceKey
from trace_store.upkeep.erase import erase_trace
from trace_store.upkeep.reprocess import Choice, open_reprocess

QUESTION = "Which of these orders is late? " + "Order, sent, not yet there; " * 40 + "plumbus"
ANSWER = "The tenth. " + "日本語の答え、" * 200 + "schleem"
TEXTS = "event_id, input, output"


def run(trace_id: bytes, question: str = QUESTION, answer: str = ANSWER, **association: str) -> CommitBatch:
    """An agent's run that tells both."""
    named = {ASSOCIATION + key: value for key, value in association.items()}
    told = {"traceloop.span.kind": "workflow", "traceloop.entity.input": question, "traceloop.entity.output": answer}
    return CommitBatch(accepted([made(trace_id, 1, 0, "run.workflow", told | named)]))


@pytest.mark.parametrize("association", [{"user_id": "u1"}, {"event_id": "e1"}], ids=["its own", "named"])
async def test_long_texts_are_whole_and_found(store: Store, association: dict[str, str]) -> None:
    trace_id = new_id(16)
    await send(store, run(trace_id, **association))
    event_id = association.get("event_id", trace_id.hex())
    assert await rows(store, TEXTS) == [(event_id, QUESTION, ANSWER)]
    words = "SELECT side FROM interaction_words WHERE words @@ 'plumbus'::tsquery OR words @@ 'schleem'::tsquery"
    assert len(await store.sql(words)) == 2
    ((preview,),) = await rows(store, "input_preview")
    assert len(preview.encode()) <= 400

    await erase_trace(store.conninfo, TraceKey(1, trace_id))
    await Processor(store.conninfo, AT_ONCE).drain()
    assert await rows(store, TEXTS) == []
    assert await store.sql(words) == []


async def test_any_order_of_versions_gives_the_text_of_the_last(store: Store) -> None:
    early, late = (QUESTION + tail for tail in (" early", " and late"))
    texts = set()
    for order in ([early, late], [late, early], [late, early, late]):
        trace_id = new_id(16)
        await send(store, *(run(trace_id, text, user_id="u1") for text in order))
        texts.update(await store.sql("SELECT input FROM interactions WHERE event_id = %(id)s", {"id": trace_id.hex()}))
    assert texts == {(late,)}


@pytest.mark.parametrize("event_first", [True, False])
async def test_what_was_posted_goes_first(store: Store, event_first: bool) -> None:
    posted = batch("track", {"event_id": "e1", "event": "ask", "ai_data": {"input": "Why?"}})
    both = [posted, run(new_id(16), event_id="e1")]
    await send(store, *(both if event_first else reversed(both)))
    assert await rows(store, TEXTS) == [("e1", "Why?", ANSWER)]


async def test_deriving_again_fills_what_an_older_version_cut(store: Store) -> None:
    trace_id = new_id(16)
    await send(store, run(trace_id, user_id="u1"))
    await store.sql("UPDATE interactions SET input = input_preview, output = output_preview")
    await store.sql("UPDATE interaction_traces SET input_from = NULL, output_from = NULL")
    async with open_reprocess(store.conninfo) as work:
        await work.mark_traces(1, [trace_id])
    await Processor(store.conninfo, AT_ONCE).drain()
    assert await rows(store, TEXTS) == [(trace_id.hex(), QUESTION, ANSWER)]


async def test_interactions_of_an_older_version_are_found_and_derived_again(store: Store) -> None:
    await send(store, run(new_id(16), user_id="u1"), batch("track", {"event_id": "e1", "ai_data": {"input": "Why?"}}))
    before = await rows(store, TEXTS)
    await store.sql("UPDATE interactions SET input = 'cut', output = NULL, derived_version = 0")
    await store.sql("UPDATE interaction_traces SET input_from = NULL, output_from = NULL")
    async with open_reprocess(store.conninfo) as work:
        assert await work.count_outdated() == (0, 2)
        choice = Choice(1, (await work.rules_in_force())[1])
        assert (await work.count(choice), await work.count_interactions(choice)) == (0, 2)
        for marks in (3, 3):  # two interactions and the trace that tells of one; marking again marks nothing twice
            assert [count async for count in work.mark_interactions(choice)] == [2]
            assert await work.waiting() == marks
        await Processor(store.conninfo, AT_ONCE).drain()
        assert await work.count_outdated() == (0, 0)
        assert [count async for count in work.mark_interactions(Choice(1, None))] == [2]
    assert await rows(store, TEXTS) == before


async def test_a_text_that_ends_like_a_cut_one_is_itself(store: Store) -> None:
    text = "a" * 397 + "…"
    trace_id = new_id(16)
    await send(store, run(trace_id, text, text, user_id="u1"))
    assert await rows(store, TEXTS) == [(trace_id.hex(), text, text)]
