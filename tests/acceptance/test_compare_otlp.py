"""`rainbarrel compare-otlp` and its page: what a server stored beside the export of another backend."""

import copy
import json
from pathlib import Path
from typing import Any

import httpx

from tests.fix_server import RunningServer
from tests.run_cli import rainbarrel
from tests.spans_made import new_id
from web.demo.runs import FINISHED
from web.demo.spans import RunRecorder, export_request


def test_an_export_beside_what_is_stored(server: RunningServer, tmp_path: Path) -> None:
    recorder = RunRecorder(FINISHED[0], 1_790_000_000_000_000_000, "compared")
    request = export_request(recorder.record())
    sent = httpx.post(
        f"{server.url}/v1/traces", content=request, headers={"content-type": "application/x-protobuf"}, timeout=20
    )
    assert sent.status_code == 200
    trace_id = recorder.trace_id.hex()
    server.wait_for_trace(trace_id, 2)
    exported: dict[str, Any] = server.get(f"/api/traces/{trace_id}/otlp").json()

    def run(export: bytes, *options: str) -> tuple[int, bytes]:
        file = tmp_path / "export"
        file.write_bytes(export)
        done = rainbarrel("compare-otlp", str(file), "--url", server.url, *options)
        return done.returncode, done.stdout

    assert run(json.dumps(exported).encode(), "--strict")[0] == 0
    assert run(request)[0] == 0  # protobuf
    less = copy.deepcopy(exported)
    spans = less["resourceSpans"][0]["scopeSpans"][0]["spans"]
    spans.pop()
    assert run(json.dumps(less).encode())[0] == 0
    assert run(json.dumps(less).encode(), "--strict")[0] == 1
    more = copy.deepcopy(exported)
    more["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"].append(
        {"key": "only.there", "value": {"stringValue": "<b>"}}
    )
    code, told = run(json.dumps(more).encode(), "--json")
    (found,) = json.loads(told)["traces"]
    assert (code, found["attributes_missing_here"]) == (1, [{"key": "only.there", "spans": 1}])
    assert run(b'{"resourceSpans": []}')[0] == 2

    page = httpx.post(f"{server.url}/compare/otlp", data={"export": json.dumps(more)}, timeout=60)
    assert (page.status_code, "<code>only.there</code>" in page.text) == (200, True)
    same = httpx.post(f"{server.url}/compare/otlp.json", content=request, timeout=60).json()
    assert (same["same"], same["total"], same["lacking"]) == (1, 1, 0)
    unknown = json.dumps(exported).replace(trace_id, new_id(16).hex())
    lacking = httpx.post(f"{server.url}/compare/otlp.json", content=unknown, timeout=60).json()
    assert (lacking["lacking"], lacking["traces"][0]["spans_ours"]) == (1, 0)
    refused = httpx.post(f"{server.url}/compare/otlp", data={"export": "<nothing>"}, timeout=60)
    assert (refused.status_code, "This is no OTLP export" in refused.text) == (400, True)
    foreign = httpx.post(
        f"{server.url}/compare/otlp", content=b"{}", headers={"sec-fetch-site": "cross-site"}, timeout=60
    )
    assert foreign.status_code == 403
