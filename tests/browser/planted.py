"""Things whose every text is markup that would run: a trace, events, users, signals, rules, channels, verdicts."""

import json
import time
from typing import Any

import httpx

from tests.browser.agent_run import AgentRun, Json
from tests.browser.waiting import wait_until_derived
from tests.fix_server import RunningServer

SCRIPT = "'\"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}</title>"
ADDRESS = "javascript:alert(3)"
MARK = "<img src=x onerror"  # what a reader sees of it
DEADLINE_S = 120.0


def planted_run() -> AgentRun:
    """Three failures alike, a soft one, model calls and foreign spans, with the script wherever OTLP takes text."""
    run = AgentRun(service_name=SCRIPT)
    agent = run.agent(SCRIPT, SCRIPT, 9)
    agent["attributes"] += _texts({"deployment.environment.name": SCRIPT, SCRIPT: SCRIPT, "url.full": ADDRESS})
    for attribute in agent["attributes"]:
        if attribute["key"] in ("gen_ai.conversation.id", "user.id"):
            attribute["value"] = {"stringValue": SCRIPT}
    for number in range(3):
        call_id = f"{SCRIPT}{number}"
        asked = run.chat(agent, number, number + 0.4, **{call_id: [SCRIPT, {SCRIPT: SCRIPT}]})
        asked["attributes"] = [each for each in asked["attributes"] if each["key"] != "gen_ai.request.model"]
        asked["attributes"] += _model_texts()
        error = (SCRIPT, f"{SCRIPT} {ADDRESS}")
        run.tool(agent, SCRIPT, number + 0.5, number + 0.9, {SCRIPT: SCRIPT}, error=error, call_id=call_id)
    event = {"name": SCRIPT, "timeUnixNano": agent["startTimeUnixNano"], "attributes": _texts({SCRIPT: SCRIPT})}
    soft = {"success": False, "error": SCRIPT}
    run.tool(agent, f"{SCRIPT} soft", 4, 5, {"to": SCRIPT, "url": ADDRESS}, result=soft, events=[event])
    link = {"traceId": "ab" * 16, "spanId": "cd" * 8, "traceState": SCRIPT, "attributes": _texts({SCRIPT: SCRIPT})}
    run.span(SCRIPT, agent, 6, 7, {SCRIPT: SCRIPT}, links=[link], status={"code": 2, "message": SCRIPT})
    run.span(SCRIPT, {"spanId": "ee" * 8}, 7, 8, {})
    return run


def plant(server: RunningServer) -> dict[str, dict[str, str]]:
    """Sends and makes it all; the values of path parameters under which it is found."""
    run = planted_run()
    resource = _texts({"service.name": SCRIPT, "service.version": SCRIPT, SCRIPT: SCRIPT})
    scope = {"name": SCRIPT, "version": SCRIPT, "attributes": _texts({SCRIPT: SCRIPT})}
    scoped = {"scope": scope, "schemaUrl": ADDRESS, "spans": run.spans}
    with httpx.Client(base_url=server.url, timeout=60) as client:
        _post(client, "/v1/traces", {"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [scoped]}]})
        _plant_events(client, run)
        signal = {"name": SCRIPT, "pattern": "img src=x", "kind": "keyword"}
        _post(client, "/api/signals", signal)
        definition = {"kind": "count", "counts": "events", "at_least": 2, "window_s": 3600, "per": "issue"}
        rule = _post(client, "/api/alerts", {"name": SCRIPT, "definition": definition})
        hook = {"kind": "webhook", "name": SCRIPT, "url": "http://127.0.0.1:9/hook", "secret": "s" * 16}
        client.post("/api/channels", data=hook).raise_for_status()
        trace = server.wait_for_trace(run.trace_id, len(run.spans), settled=True)
        failed = next(call for call in trace["tool_calls"] if call["status"] == "error")
        verdict = {"verdict": "right", "note": SCRIPT, "by": SCRIPT}
        _post(client, f"/api/findings/{run.trace_id}/call:{failed['span_id']}/verdict", verdict)
        issue = failed["error"]["fingerprint"]
        _wait(lambda: client.get(f"/api/issues/{issue}").status_code == 200, "the issue")
        _post(client, f"/api/issues/{issue}", {"assignee": SCRIPT, "note": SCRIPT})
        _wait(lambda: client.get(f"/api/alerts/{rule['rule_id']}").json()["state"] == "firing", "the alert")
        _wait(lambda: client.get("/users.json").json()["total"] > 0, "the users")
    wait_until_derived(server)
    return {
        "traces": {"trace_id": run.trace_id, "span_id": failed["span_id"]},
        "conversations": {"name": SCRIPT},
        "issues": {"fingerprint": issue},
        "tools": {"name": SCRIPT},
        "users": {"name": SCRIPT},
        "alerts": {"rule_id": str(rule["rule_id"])},
        "files": {"token": "unsigned"},
    }


def _plant_events(client: httpx.Client, run: AgentRun) -> None:
    attachments = [
        {"type": kind, "role": role, "name": SCRIPT, "language": SCRIPT, "value": value}
        for kind, role, value in (
            ("code", "input", SCRIPT),
            ("iframe", "output", ADDRESS),
            ("image", "output", ADDRESS),
        )
    ]
    ai_data = {"input": SCRIPT, "output": f"{SCRIPT} [go]({ADDRESS})", "convo_id": SCRIPT, "model": SCRIPT}
    event = {"event_id": "evt-1", "event": SCRIPT, "user_id": SCRIPT, "ai_data": ai_data, "attachments": attachments}
    properties = {"trace_id": run.trace_id, SCRIPT: SCRIPT, "$context": {SCRIPT: {SCRIPT: SCRIPT}}}
    _post(client, "/v1/events/track", [event | {"properties": properties, "feature_flags": {SCRIPT: SCRIPT}}])
    _post(client, "/v1/events/track", [event | {"event_id": SCRIPT}])
    _post(client, "/v1/users/identify", [{"user_id": SCRIPT, "traits": {"name": SCRIPT, SCRIPT: SCRIPT}}])
    signal = {"signal_name": SCRIPT, "sentiment": "NEGATIVE", "properties": {"comment": SCRIPT, SCRIPT: SCRIPT}}
    _post(client, "/v1/signals/track", [signal | {"event_id": event_id} for event_id in ("evt-1", SCRIPT)])


def _model_texts() -> list[Json]:
    """What a model call tells beside its messages."""
    tools = [{"type": "function", "name": SCRIPT, "description": SCRIPT, "parameters": _schema()}]
    values = {
        "gen_ai.request.model": SCRIPT,
        "gen_ai.response.model": SCRIPT,
        "gen_ai.provider.name": SCRIPT,
        "gen_ai.system_instructions": json.dumps([{"type": "text", "content": SCRIPT}]),
        "gen_ai.tool.definitions": json.dumps(tools),
        "gen_ai.response.finish_reasons": SCRIPT,
    }
    return _texts(values)


def _schema() -> dict[str, Any]:
    described = {"type": "integer", "description": SCRIPT, "enum": [SCRIPT]}
    return {"type": "object", "properties": {SCRIPT: described}, "required": [f"{SCRIPT} too"]}


def _texts(values: dict[str, str]) -> list[Json]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def _post(client: httpx.Client, path: str, body: Any) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code < 300, (path, answer.text)
    return answer.json() if answer.content else None


def _wait(is_there: Any, what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not is_there():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.1)
