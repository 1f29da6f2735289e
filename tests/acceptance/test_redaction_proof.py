"""Nothing that a rule finds is stored: sent over HTTP, gRPC and Raindrop's paths, derived, and then looked for."""

from typing import Any

import grpc
import httpx
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from tests.agent_run import attributes, made
from tests.fix_pages import AT_ONCE
from tests.fix_receiver import RunningReceivers, running_receivers
from tests.spans_made import new_id
from tests.words_stored import places
from tool_errors.processor import Processor
from trace_store.connections import make_pool
from trace_store.redaction_rules import RedactionStore

RULES: list[dict[str, Any]] = [
    {"name": "email", "action": "hash", "fields": ["content", "resource", "scope", "user.id", "user_id"]},
    {"name": "ticket", "pattern": r"\bT-plant[0-9]{3}x\b"},
]
PROTOBUF = {"content-type": "application/x-protobuf"}
USER = "plantuser@example.org"


class Planter:
    """Gives out addresses and tickets that are found again wherever they went."""

    def __init__(self) -> None:
        self.words = ["plantuser"]

    def __call__(self) -> str:
        self.words.append(f"plant{len(self.words):03d}x")
        return f"{self.words[-1]}@example.org"

    def ticket(self) -> str:
        return f"T-{self().partition('@')[0]}"


def value(plant: Planter) -> AnyValue:
    """A text at every depth that a value has."""
    inner = KeyValueList(values=[KeyValue(key=plant(), value=AnyValue(string_value=plant()))])
    values = [AnyValue(kvlist_value=inner), AnyValue(bytes_value=b"\xff" + plant().encode())]
    return AnyValue(array_value=ArrayValue(values=[*values, AnyValue(string_value=plant())]))


def traces(plant: Planter) -> ExportTraceServiceRequest:
    trace_id = new_id(16)
    owner = {"user.id": USER, "session.id": "c1"}
    message = [{"role": "user", "parts": [{"type": "text", "content": f"write:\n{plant()}\n{plant.ticket()}\n"}]}]
    model: dict[str, Any] = owner | {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    model |= {"gen_ai.input.messages": message}
    tool: dict[str, Any] = owner | {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look_up"}
    tool |= {"gen_ai.tool.call.arguments": {"of": plant()}, "gen_ai.tool.call.result": {"error": plant()}}
    event = Span.Event(name=plant(), attributes=attributes({"e": plant()}))
    link = Span.Link(trace_id=new_id(16), span_id=new_id(8), attributes=attributes({"l": plant()}))
    failed = Status(code=Status.STATUS_CODE_ERROR, message=f"no such person: {plant()}")
    spans = [
        made(trace_id, 1, 0, f"run {plant()}", owner | {"gen_ai.operation.name": "invoke_agent"}),
        made(trace_id, 2, 1, "chat", model, events=[event], links=[link], trace_state=f"a={plant()}"),
        made(trace_id, 3, 1, "execute_tool look_up", tool, status=failed),
    ]
    spans[0].attributes.append(KeyValue(key="nested", value=value(plant)))
    scope = ScopeSpans(spans=spans, scope=InstrumentationScope(name=plant(), attributes=attributes({"s": plant()})))
    resource = Resource(attributes=attributes({"service.name": "support", "process.owner": plant()}))
    return ExportTraceServiceRequest(resource_spans=[ResourceSpans(resource=resource, scope_spans=[scope])])


def logs(plant: Planter) -> ExportLogsServiceRequest:
    record = LogRecord(event_name=plant(), severity_text=plant(), attributes=attributes({"a": plant()}))
    record.body.CopyFrom(value(plant))
    return ExportLogsServiceRequest(resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=[record])])])


def posts(plant: Planter) -> dict[str, Any]:
    ai_data = {"input": plant(), "output": f"{plant()} {plant.ticket()}", "model": "gpt-4o", "convo_id": "c1"}
    event: dict[str, Any] = {"event_id": "e1", "user_id": USER, "event": plant(), "ai_data": ai_data}
    event |= {"properties": {plant(): plant(), "deep": [{"x": plant()}]}, "feature_flags": {plant(): plant()}}
    event |= {"attachments": [{"type": "text", "value": plant(), "name": plant()}], "$context": {"who": plant()}}
    said: dict[str, Any] = {"event_id": "e1", "signal_name": plant(), "properties": {plant(): plant()}}
    return {
        "/v1/events/track": [event],
        "/v1/events/track_partial": {"event_id": "e1", "properties": {"late": plant()}},
        "/v1/signals/track": [said],
        "/v1/users/identify": [{"user_id": USER, "traits": {"mail": plant(), plant(): [plant()]}}],
    }


async def send(receivers: RunningReceivers, plant: Planter) -> None:
    async with httpx.AsyncClient(base_url=receivers.url, timeout=60) as client:
        answers = [
            await client.post("/v1/traces", content=traces(plant).SerializeToString(), headers=PROTOBUF),
            await client.post("/v1/logs", content=logs(plant).SerializeToString(), headers=PROTOBUF),
        ]
        answers += [await client.post(path, json=body) for path, body in posts(plant).items()]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 204, 204, 204]
    async with grpc.aio.insecure_channel(receivers.grpc_target) as channel:
        await TraceServiceStub(channel).Export(traces(plant))


async def save(conninfo: str, rules: list[dict[str, Any]], base: int) -> None:
    async with make_pool(conninfo, "test", 1) as pool:
        await RedactionStore(pool).save(1, rules, base)


async def test_what_rules_find_is_in_no_table(database: str) -> None:
    plant, before = Planter(), Planter()
    async with running_receivers(database) as receivers:
        await receivers.access.ring.fresh()
        await save(database, RULES, 0)
        await receivers.access.ring.fresh()
        await send(receivers, plant)
        counts = receivers.group_commit.counts.values
        assert counts['rainbarrel_redactions_total{rule="ticket"}'] == 3
        assert counts['rainbarrel_redactions_total{rule="email"}'] > len(plant.words)
        await Processor(database, AT_ONCE).drain()
        assert await places(database, plant.words) == {}

        users = {user for (user,) in await receivers.sql("SELECT user_id FROM traces UNION SELECT user_id FROM users")}
        assert len(users) == 1, "equal values are equal after hashing, in spans and events alike"
        assert users.pop().startswith("[email:")
        assert await receivers.sql("SELECT count(*)::int FROM spans WHERE kind >= 0") == [(6,)]
        assert await receivers.sql("SELECT name, status FROM tool_calls") == [("look_up", "error")] * 2
        assert await receivers.sql("SELECT trace_ids IS NOT NULL FROM interactions WHERE event_id = 'e1'") == [(True,)]

        await save(database, [], 1)
        await receivers.access.ring.fresh()
        await send(receivers, before)
        await Processor(database, AT_ONCE).drain()
        found = await places(database, before.words)
        assert set().union(*found.values()) == set(before.words), "the search finds what is there"
        assert {"span_blobs.body", "fact_parts.body"} <= found.keys(), "and opens what is compressed"
