"""`DELETE /v1/users/{id}`: only for administrators; what is sent again is refused, and the receipts count it."""

from functools import partial

import orjson
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, TracesData

from otlp_receiver.access import Access, AccessControl, Holder
from otlp_receiver.decode_events import decode_events
from otlp_receiver.export import Exporter
from otlp_receiver.group_commit import GroupCommit
from otlp_receiver.key_ring import KeyRing
from tests.agent_run import made
from tests.fix_pages import RETENTION_DAYS, new_key, pages_with_keys
from tests.spans_made import new_id
from trace_store.stored import TraceKey
from trace_store.writer import SpanWriter
from web.trace.trace_files import sign

HOLDER = Holder("key", frozenset({"write"}))


async def test_erasing_over_http_and_sending_again(database: str) -> None:
    spans = [made(new_id(16), 1, 0, "run", {"user.id": "u 1", "gen_ai.operation.name": "invoke_agent"})]
    body = TracesData(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])]).SerializeToString()
    event = orjson.dumps([{"event_id": "e1", "event": "ask", "user_id": "u 1"}])
    ring = KeyRing(database)
    ring.open()
    writer = SpanWriter(database, RETENTION_DAYS)
    commits = GroupCommit(writer)
    commits.start()
    exporter = Exporter(commits, AccessControl(ring))
    access = Access(HOLDER, 1, "default")

    async def send() -> list[dict[str, int]]:
        with exporter.budget.reservation() as reservation:
            traces = await exporter.export("traces", [body], "protobuf", "identity", access, reservation)
        with exporter.budget.reservation() as reservation:
            decode = partial(decode_events, "track", project_id=1)
            events = await exporter.post(decode, [event], "identity", access, reservation)
        return [traces.rejections.counts, events.rejections.counts]

    try:
        async with pages_with_keys(database) as pages:
            admin, read = [{"x-api-key": await new_key(database, kind)} for kind in ("admin", "read")]
            assert await send() == [{}, {}]
            await pages.derive()
            secret = (await ring.fresh()).session_secret
            file = f"/files/{sign(secret, TraceKey(1, spans[0].trace_id), 'all')}"
            assert (await pages.get(file)).status_code == 200
            assert (await pages.client.delete("/v1/users/u%201", headers=read)).status_code == 403
            answer = await pages.client.delete("/v1/users/u%201", headers=admin)
            assert (answer.status_code, answer.json()["data"]) == (
                200,
                {
                    "trace_count": 1,
                    "span_count": 1,
                    "event_count": 1,
                    "waiting_blob_count": 0,
                    "underived_count": 0,
                    "is_complete": True,
                },
            )
            assert (await pages.get(file)).status_code == 404, "an address that was given out leads nowhere"
            await ring.fresh()
            assert await send() == [{"erased": 1}, {"erased": 1}]
            await pages.derive()
            assert (await pages.get("/v1/users/u%201", headers=admin)).status_code == 404
            receipts = (await pages.get("/settings/receipts.json", headers=admin)).json()["receipts"]
            assert sorted(row["signal"] for row in receipts if row["rejected"] == {"erased": 1}) == ["events", "traces"]
    finally:
        await commits.close()
        await writer.close()
        await ring.close()
