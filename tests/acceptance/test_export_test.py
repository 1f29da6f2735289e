"""A failed call of a stored trace as a pytest file: from the command line, over HTTP, and linked in its pane."""

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dialect_captures import CAPTURES
from tests.fix_pages import Pages, read_records, running_pages
from tests.run_cli import rainbarrel
from web.demo.runs import REFUND_RAISES
from web.demo.spans import RunRecorder, export_request

RAISING = CAPTURES / "openinference/openinference-openai/S2"
SOFT = CAPTURES / "openinference/openinference-openai/S4"


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


def passes(path: Path) -> bool:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(path.parent), str(path)]
    ended = subprocess.run(words, cwd=path.parent, capture_output=True, text=True, timeout=180, check=False)
    return ended.returncode == 0 and "1 passed" in ended.stdout


def test_from_the_command_line(server, tmp_path: Path) -> None:
    recorder = RunRecorder(REFUND_RAISES, 1_790_000_000_000_000_000, "export-test")
    source, target = tmp_path / "trace.pb", tmp_path / "test_refund.py"
    source.write_bytes(export_request(recorder.record()))
    assert rainbarrel("import", source, "--data-dir", server.data_dir).returncode == 0
    trace_id = recorder.trace_id.hex()
    trace = server.wait_for_trace(trace_id, len(recorder.spans))
    fine, failed = trace["tool_calls"]
    store = ["--data-dir", server.data_dir]
    by_span = rainbarrel("export-test", trace_id, "--span", failed["span_id"], *store, "-o", target)
    assert by_span.returncode == 0, by_span.stderr
    text = target.read_text()
    assert "ARGUMENTS = {'payment_id': 'pay_2', 'amount': 31.9}" in text
    assert "ERROR_TYPE = 'PaymentGatewayError'" in text
    assert passes(target)
    by_key = rainbarrel("export-test", trace_id, failed["call_key"], *store)
    assert by_key.stdout == rainbarrel("export-test", trace_id, failed["call_id"], *store).stdout == text.encode()
    refusals = {
        (trace_id, fine["call_key"]): "is ok: only a call that failed",
        (trace_id, "nothing"): f"Failed: {failed['call_key']} (refund_payment)",
        (trace_id,): "Name the call by its CALL_KEY or with --span",
        ("f" * 32, "x"): "There is no trace ffff",
    }
    for words, sentence in refusals.items():
        ended = rainbarrel("export-test", *words, *store)
        assert (ended.returncode, ended.stdout) == (1, b"")
        assert sentence in ended.stderr.decode()


@pytest.mark.parametrize(("capture", "expected"), [(RAISING, "EXPECTED_ERROR = TimeoutError"), (SOFT, "return RESULT")])
async def test_the_pane_of_a_failed_call_links_its_test(
    pages: Pages, capture: Path, expected: str, tmp_path: Path
) -> None:
    records = read_records(capture)
    await pages.store_and_derive(records.spans, records.logs)
    (trace_id,) = records.trace_ids
    path = f"/traces/{trace_id.hex()}"
    (call,) = (await pages.json(f"{path}.json"))["tool_calls"]
    html = await pages.html(f"{path}/spans/{call['span_id']}")
    (link,) = re.findall(r'href="([^"]+)" download data-pytest>as pytest</a>', html)
    answer = await pages.get(link)
    assert answer.headers["content-type"] == "text/x-python; charset=utf-8"
    name = answer.headers["content-disposition"].removeprefix('attachment; filename="').removesuffix('"')
    (tmp_path / name).write_bytes(answer.content)
    assert expected in answer.text
    assert passes(tmp_path / name)
    by_span = await pages.get(f"/api{path}/pytest?span={call['span_id']}")
    assert by_span.text == answer.text


async def test_what_cannot_be_a_test_is_a_sentence(pages: Pages) -> None:
    records = read_records(CAPTURES / "openinference/openinference-openai/S1")
    await pages.store_and_derive(records.spans, records.logs)
    (trace_id,) = records.trace_ids
    path = f"/traces/{trace_id.hex()}"
    (call,) = (await pages.json(f"{path}.json"))["tool_calls"]
    assert "as pytest" not in await pages.html(f"{path}/spans/{call['span_id']}")
    fine = await pages.get(f"/api{path}/pytest?call={call['call_key']}")
    assert (fine.status_code, "None of its tool calls failed" in fine.text) == (404, True)
    assert (await pages.get(f"/api{path}/pytest")).status_code == 400
    assert (await pages.get(f"/api/traces/{'f' * 32}/pytest?call=x")).status_code == 404
