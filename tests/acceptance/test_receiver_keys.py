"""Keys and projects at both receivers, sent by OpenTelemetry's exporters and by hand, over a real store."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from typing import Any

import grpc
import httpx
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otlp_receiver.access import PROJECT_HEADER, KeyRules
from tests.fix_receiver import RunningReceivers, running_receivers
from trace_store.access_keys import add_key, revoke_key
from trace_store.connections import connect
from trace_store.exceptions import StoreUnavailable
from trace_store.projects import add_project, archive_project

REQUIRED = KeyRules(are_required=True)
PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture
async def running(database: str) -> AsyncIterator[RunningReceivers]:
    async with running_receivers(database, rules=REQUIRED) as receivers:
        yield receivers


async def make_key(running: RunningReceivers, kind: str, *slugs: str) -> str:
    async with await connect(running.conninfo, "test") as connection:
        for slug in slugs:
            await add_project(connection, slug, 100)
        rows = await running.sql("SELECT slug, project_id FROM projects")
        project_ids = [dict(rows)[slug] for slug in slugs] if slugs else None
        return (await add_key(connection, kind, f"test {kind}", project_ids))[0]


def one_span(name: str, attributes: Mapping[str, str] | None = None) -> ReadableSpan:
    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    with provider.get_tracer("test").start_as_current_span(name, attributes=dict(attributes or {})):
        pass
    return memory.get_finished_spans()[0]


def raw_request(name: str, attributes: Mapping[str, str] | None = None) -> bytes:
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

    body: bytes = encode_spans([one_span(name, attributes)]).SerializeToString()
    return body


async def post(running: RunningReceivers, name: str, attributes: Any = None, **headers: str) -> httpx.Response:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    async with httpx.AsyncClient(timeout=60) as client:
        body = raw_request(name, attributes)
        return await client.post(f"{running.url}/v1/traces", content=body, headers=PROTOBUF | named)


async def projects_of_spans(running: RunningReceivers) -> dict[str, str]:
    return dict(await running.sql("SELECT name, slug FROM spans JOIN projects USING (project_id)"))


async def test_sdk_exporters_send_with_a_key_in_their_headers(running: RunningReceivers) -> None:
    key = await make_key(running, "write", "shop")
    headers = {"authorization": f"Bearer {key}"}
    target = f"http://{running.grpc_target}"

    def send() -> list[SpanExportResult]:
        exporters: list[tuple[str, SpanExporter]] = [
            ("over http", HttpExporter(f"{running.url}/v1/traces", headers=headers)),
            ("over grpc", GrpcExporter(target, insecure=True, headers=headers)),
            ("http without", HttpExporter(f"{running.url}/v1/traces")),
            ("grpc without", GrpcExporter(target, insecure=True)),
        ]
        results = [exporter.export([one_span(name)]) for name, exporter in exporters]
        for _, exporter in exporters:
            exporter.shutdown()
        return results

    success, failure = SpanExportResult.SUCCESS, SpanExportResult.FAILURE
    assert await asyncio.to_thread(send) == [success, success, failure, failure]
    assert await projects_of_spans(running) == {"over http": "shop", "over grpc": "shop"}


@pytest.mark.parametrize("form", ["bearer", "basic", "x_api_key", "api_key"])
async def test_a_key_is_taken_in_every_form(running: RunningReceivers, form: str) -> None:
    key = await make_key(running, "write")
    pair = base64.b64encode(f"public:{key}".encode()).decode()
    forms = {
        "bearer": {"authorization": f"Bearer {key}"},
        "basic": {"authorization": f"Basic {pair}"},
        "x_api_key": {"x_api_key": key},
        "api_key": {"api_key": key},
    }
    assert (await post(running, "sent", **forms[form])).status_code == 200
    assert await projects_of_spans(running) == {"sent": "default"}


async def test_http_refuses_with_a_sentence(running: RunningReceivers) -> None:
    missing = await post(running, "a")
    assert (missing.status_code, missing.headers["www-authenticate"]) == (401, 'Bearer realm="rainbarrel"')
    assert b"An access key is needed" in missing.content
    wrong = await post(running, "a", x_api_key="rb_write_" + "x" * 43)
    assert (wrong.status_code, b"There is no such access key" in wrong.content) == (401, True)
    reader = await post(running, "a", x_api_key=await make_key(running, "read"))
    assert (reader.status_code, b"to send data takes another kind of key" in reader.content) == (403, True)
    assert await running.span_names() == []


async def test_grpc_refuses_for_good(running: RunningReceivers) -> None:
    request = ExportTraceServiceRequest.FromString(raw_request("a"))
    reader = await make_key(running, "read")
    async with grpc.aio.insecure_channel(running.grpc_target) as channel:
        for metadata, code in (
            ((), grpc.StatusCode.UNAUTHENTICATED),
            ((("authorization", "Bearer nothing"),), grpc.StatusCode.UNAUTHENTICATED),
            ((("x-api-key", reader),), grpc.StatusCode.PERMISSION_DENIED),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await TraceServiceStub(channel).Export(request, metadata=metadata)
            assert refused.value.code() == code
            assert b"RetryInfo" not in dict(refused.value.trailing_metadata()).get("grpc-status-details-bin", b"")


async def test_a_revoked_key_stops_within_seconds(running: RunningReceivers) -> None:
    key = await make_key(running, "write")
    assert (await post(running, "before", x_api_key=key)).status_code == 200
    async with await connect(running.conninfo, "test") as connection:
        assert await revoke_key(connection, 1)
        assert not await revoke_key(connection, 1)
    async with asyncio.timeout(180):
        while (answer := await post(running, "after", x_api_key=key)).status_code == 200:
            await asyncio.sleep(0.1)
    assert (answer.status_code, b"is revoked" in answer.content) == (401, True)


async def test_the_header_chooses_among_the_projects_of_a_key(running: RunningReceivers) -> None:
    key = await make_key(running, "write", "shop", "desk")
    await make_key(running, "write", "other")
    answers = [
        await post(running, name, x_api_key=key, x_raindrop_project_id=slug)
        for name, slug in (("a", ""), ("b", "desk"), ("c", "default"), ("d", "other"), ("e", "new"), ("f", "No-Slug"))
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 403, 403, 400]
    assert await projects_of_spans(running) == {"a": "shop", "b": "desk", "c": "shop"}
    assert [slug for (slug,) in await running.sql("SELECT slug FROM projects ORDER BY 1")] == [
        *("default", "desk", "other", "shop")
    ]


async def test_a_key_for_all_projects_makes_new_ones(running: RunningReceivers) -> None:
    key = await make_key(running, "write")
    together = await asyncio.gather(
        *(post(running, f"span {n}", x_api_key=key, x_raindrop_project_id="new-one") for n in range(4))
    )
    assert [answer.status_code for answer in together] == [200] * 4
    assert set((await projects_of_spans(running)).values()) == {"new-one"}
    async with await connect(running.conninfo, "test") as connection:
        await archive_project(connection, "new-one", is_archived=True)
    async with asyncio.timeout(180):
        while (
            answer := await post(running, "late", x_api_key=key, x_raindrop_project_id="new-one")
        ).status_code == 200:
            await asyncio.sleep(0.1)
    assert (answer.status_code, b"is archived" in answer.content) == (403, True)


async def test_a_span_attribute_goes_before_the_header_where_the_key_allows_it(running: RunningReceivers) -> None:
    key = await make_key(running, "write", "shop", "desk")
    await make_key(running, "write", "other")
    kept = await post(running, "a", {"raindrop.project_id": "desk"}, x_api_key=key)
    assert (kept.status_code, kept.content) == (200, b"")
    told = await post(running, "b", {"raindrop.project_id": "other"}, x_api_key=key)
    assert (told.status_code, b"does not open" in told.content) == (200, True)
    await post(running, "c", {"said": "the raindrop.project_id is elsewhere"}, x_api_key=key)
    await post(running, "d", {"raindrop.project_id": "shop"}, x_api_key=key, x_raindrop_project_id="desk")
    assert await projects_of_spans(running) == {"a": "desk", "b": "shop", "c": "shop", "d": "shop"}


async def test_where_no_key_is_needed_any_is_taken_but_a_revoked_one(database: str) -> None:
    async with running_receivers(database) as running:
        key = await make_key(running, "write", "shop")
        assert (await post(running, "a")).status_code == 200
        assert (await post(running, "b", authorization="Bearer anything")).status_code == 200
        assert (await post(running, "c", x_raindrop_project_id="mine")).status_code == 200
        assert (await post(running, "d", x_api_key=key)).status_code == 200
        assert await projects_of_spans(running) == {"a": "default", "b": "default", "c": "mine", "d": "shop"}
        async with await connect(running.conninfo, "test") as connection:
            await revoke_key(connection, 1)
        async with asyncio.timeout(180):
            while (await post(running, "e", x_api_key=key)).status_code != 401:
                await asyncio.sleep(0.1)


async def test_keyless_loopback_is_a_setting(database: str) -> None:
    async with running_receivers(database, rules=KeyRules(are_required=True, keyless_loopback=True)) as running:
        assert (await post(running, "a")).status_code == 200


async def test_known_keys_outlive_the_database_and_unknown_ones_may_try_again(database: str) -> None:
    async with running_receivers(database, rules=REQUIRED) as running:
        key, control = await make_key(running, "write"), running.access
        assert (await post(running, "before", x_api_key=key)).status_code == 200
        name = (await running.sql("SELECT current_database()"))[0][0]
        async with await connect(database.replace(name, "postgres"), "test") as elsewhere:
            await elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
            ended = b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            await elsewhere.execute(ended, (name,))
            unknown = await post(running, "x", x_api_key="rb_write_" + "x" * 43)
            assert (unknown.status_code, unknown.headers["retry-after"]) == (503, "1")
            assert (await control.to_send({"x-api-key": key}, "")).project == "default"
            with pytest.raises(StoreUnavailable):
                await control.to_send({"x-api-key": key, PROJECT_HEADER: "unknown"}, "")
            await elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
        async with asyncio.timeout(60):
            while (await post(running, "after", x_api_key=key)).status_code != 200:
                await asyncio.sleep(0.2)


async def test_last_use_is_kept(database: str) -> None:
    async with running_receivers(database, rules=REQUIRED) as running:
        key = await make_key(running, "write")
        assert (await post(running, "a", x_api_key=key)).status_code == 200
    rows = await running.sql("SELECT last_used_at IS NOT NULL FROM access_keys")  # noted at the latest when it closes
    assert rows == [(True,)]
