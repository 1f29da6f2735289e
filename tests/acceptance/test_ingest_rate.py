"""What a key may send in a minute: 429 with Retry-After, RESOURCE_EXHAUSTED with RetryInfo; another key goes on."""

import grpc
import httpx
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from otlp_receiver.access import KeyRules
from tests.fix_receiver import running_receivers
from tests.otlp_made import trace_request
from trace_store.access_keys import add_key
from trace_store.connections import connect

BYTES_PER_MINUTE = 20_000
JSON = {"content-type": "application/json"}


async def test_a_key_that_sends_too_much_is_told_when_to_come_back(database: str) -> None:
    async with await connect(database, "test") as connection:
        busy, other = [(await add_key(connection, "write", name, None))[0] for name in ("busy", "other")]
    big = trace_request("name" * 6000).SerializeToString()  # more than a minute's worth: it may come once
    headers = {"content-type": "application/x-protobuf", "x-api-key": busy}
    async with (
        running_receivers(database, rules=KeyRules(are_required=True), bytes_per_minute=BYTES_PER_MINUTE) as running,
        httpx.AsyncClient(base_url=running.url, timeout=60) as client,
        grpc.aio.insecure_channel(running.grpc_target) as channel,
    ):
        assert (await client.post("/v1/traces", content=big, headers=headers)).status_code == 200
        refused = await client.post("/v1/traces", content=big, headers=headers)
        assert (refused.status_code, 60 < int(refused.headers["retry-after"]) < 75) == (429, True)
        said = Status.FromString(refused.content)
        assert "--ingest-bytes-per-minute" in said.message
        info = RetryInfo()
        assert said.details[0].Unpack(info)
        assert info.retry_delay.seconds == int(refused.headers["retry-after"])
        event = await client.post("/v1/events/track", json=[{"event": "x"}], headers={"x-api-key": busy} | JSON)
        assert (event.status_code, event.json()["error"]["code"]) == (429, "TOO_MANY_REQUESTS")
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await TraceServiceStub(channel).Export(trace_request("a"), metadata=[("x-api-key", busy)], timeout=60)
        assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        small, headers["x-api-key"] = trace_request("b").SerializeToString(), other
        assert (await client.post("/v1/traces", content=small, headers=headers)).status_code == 200
        assert len(await running.span_names()) == 2
