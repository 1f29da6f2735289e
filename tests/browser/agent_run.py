"""Runs of a support agent as OTLP JSON, with spans by name, so that tests can send them whole or bit by bit."""

import itertools
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.browser.waiting import wait_until_derived
from tests.fix_server import RunningServer

Json = dict[str, Any]
SECOND_NS = 1_000_000_000


def attributes(values: Json) -> list[Json]:
    """OTLP attributes; whatever is no text or whole number goes as JSON text."""
    made = []
    for key, value in values.items():
        if isinstance(value, int):
            made.append({"key": key, "value": {"intValue": str(value)}})
        else:
            made.append({"key": key, "value": {"stringValue": value if isinstance(value, str) else json.dumps(value)}})
    return made


@dataclass
class AgentRun:
    """One trace. Times count in seconds from its start, a minute ago."""

    service_name: str = "support-agent"
    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    start_unix_nano: int = field(default_factory=lambda: time.time_ns() - 60 * SECOND_NS)
    spans: list[Json] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def path(self) -> str:
        return f"/traces/{self.trace_id}"

    def span(
        self, name: str, parent: Json | None, start_s: float, end_s: float | None, values: Json, **more: Any
    ) -> Json:
        """Adds a span; `end_s` None leaves it running."""
        made: Json = {
            "traceId": self.trace_id,
            "spanId": secrets.token_hex(7) + f"{next(self._numbers) % 256:02x}",
            "parentSpanId": "" if parent is None else parent["spanId"],
            "name": name,
            "startTimeUnixNano": str(self._at(start_s)),
            "endTimeUnixNano": "0" if end_s is None else str(self._at(end_s)),
            "attributes": attributes(values),
            **more,
        }
        self.spans.append(made)
        return made

    def agent(self, name: str, question: str, end_s: float | None) -> Json:
        messages = [{"role": "user", "parts": [{"type": "text", "content": question}]}]
        values = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": name,
            "gen_ai.input.messages": messages,
            "gen_ai.conversation.id": f"conversation-{self.trace_id[:6]}",
            "user.id": "user-ada",
        }
        return self.span(f"invoke_agent {name}", None, 0, end_s, values)

    def chat(self, parent: Json, start_s: float, end_s: float, **asks: list[Any]) -> Json:
        """A model call that asks for tools: call id=[name, arguments]."""
        calls = [
            {"type": "tool_call", "id": call_id, "name": name, "arguments": arguments}
            for call_id, (name, arguments) in asks.items()
        ]
        values = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4.1-mini",
            "gen_ai.usage.input_tokens": 120,
            "gen_ai.usage.output_tokens": 16,
            "gen_ai.output.messages": [{"role": "assistant", "parts": calls, "finish_reason": "tool_calls"}],
        }
        return self.span("chat gpt-4.1-mini", parent, start_s, end_s, values)

    def tool(self, parent: Json, name: str, start_s: float, end_s: float | None, arguments: Json, **more: Any) -> Json:
        """A tool call; `result`, `call_id` and `error` (type, message) may be given."""
        values = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
        values["gen_ai.tool.call.arguments"] = json.dumps(arguments)
        if "call_id" in more:
            values["gen_ai.tool.call.id"] = more.pop("call_id")
        if "result" in more:
            values["gen_ai.tool.call.result"] = json.dumps(more.pop("result"))
        if "error" in more:
            kind, message = more.pop("error")
            exception = {"exception.type": kind, "exception.message": message}
            at = str(self._at(end_s or start_s))
            more["events"] = [{"name": "exception", "timeUnixNano": at, "attributes": attributes(exception)}]
            more["status"] = {"code": 2, "message": message}
        return self.span(f"execute_tool {name}", parent, start_s, end_s, values, **more)

    def store(self, server: RunningServer) -> None:
        """Exports all spans; returns when every page shows what is derived of them."""
        self.send(server, *self.spans)
        server.wait_for_trace(self.trace_id, len(self.spans))
        wait_until_derived(server)

    def send(self, server: RunningServer, *spans: Json, key: str = "") -> None:
        """Exports over HTTP; returns when the server has acknowledged them, which pages show a little later."""
        resource = {"attributes": attributes({"service.name": self.service_name, "service.version": "1.4.2"})}
        body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "shop"}, "spans": spans}]}]}
        headers = {"x-api-key": key} if key else {}
        httpx.post(f"{server.url}/v1/traces", json=body, headers=headers, timeout=60).raise_for_status()

    def _at(self, seconds: float) -> int:
        return self.start_unix_nano + round(seconds * SECOND_NS)


def support_run(question: str) -> AgentRun:
    """An agent whose order look-up fails three times alike, whose stock look-up fails softly, with an orphan."""
    run = AgentRun()
    agent = run.agent("Support agent", question, 8)
    for number in range(3):
        call_id = f"call-{number}"
        run.chat(agent, number, number + 0.4, **{call_id: ["lookup_order", {"order_id": "E-5120"}]})
        error = ("OrderNotFound", "no order E-5120")
        run.tool(
            agent, "lookup_order", number + 0.5, number + 0.9, {"order_id": "E-5120"}, error=error, call_id=call_id
        )
    soft = {"success": False, "error": "warehouse timed out"}
    run.tool(agent, "stock_level", 4, 5, {"sku": "MUG"}, result=soft)
    run.tool(agent, "send_mail", 5, 6, {"to": "ada"}, result={"sent": True})
    far = [{"traceId": "ab" * 16, "spanId": "cd" * 8}]
    run.span("GET /stock", agent, 6, 7, {"http.request.method": "GET", "shop.shelf": 17}, links=far)
    run.span("write journal", {"spanId": "ee" * 8}, 7, 7.5, {})
    return run
