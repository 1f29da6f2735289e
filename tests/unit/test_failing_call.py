"""A failed tool call as a pytest file: what stands in it, and that pytest passes it whatever was recorded."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from web.failing_call.find import NoSuchCall, find_failed_call
from web.failing_call.literals import literal
from web.failing_call.pytest_file import file_name, pytest_file

TRACE_ID = "ab" * 16
TIMEOUT_S = 120.0
EVIL = [
    '"""',
    "'''\nimport os",
    "\\",
    "\\'",
    "\x00\x0c\x1c\u2028",
    "\ud800",
    "\u202e",
    "# -*- coding: cp037 -*-",
    "{x}",
    "%s",
]
TEXTS = st.one_of(st.text(st.characters(), max_size=40), st.sampled_from(EVIL))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)
TYPES = (
    st.sampled_from(["", "TimeoutError", "KeyError", "OSError", "openai.RateLimitError", "UnicodeDecodeError"]) | TEXTS
)


def failed_call(**fields: Any) -> dict[str, Any]:
    error = {"type": "TimeoutError", "message": "gateway timed out", "fingerprint": "f", "recovered": False}
    call: dict[str, Any] = {"span_id": "0123456789abcdef", "call_key": "0123456789abcdef", "call_id": "c1"}
    call |= {"name": "refund_order", "arguments": {"order_id": 1234}, "result": None, "status": "error"}
    call |= {"evidence": {"rule": "exception_event", "path": "events[0].exception.message"}, "error": error}
    return call | fields


CALLS = st.builds(
    lambda name, arguments, result, status, error_type, message, key: failed_call(
        name=name,
        arguments=arguments,
        result=result if message is None else {"error": message, "more": result},
        status=status,
        call_key=key,
        evidence={"rule": key, "path": key},
        error={"type": error_type, "message": message or "", "fingerprint": "", "recovered": False},
    ),
    *(TEXTS, VALUES, VALUES, st.sampled_from(["error", "soft_error"]), TYPES, st.none() | TEXTS, TEXTS),
)


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Pytest over a folder of its own, without the settings and plug-ins of this project."""
    words = ["-q", "-W", "error", "-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir", ".", *options]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *words, "."],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def test_a_raising_tool() -> None:
    text = pytest_file(TRACE_ID, failed_call())
    assert "ARGUMENTS = {'order_id': 1234}\n" in text
    assert "EXPECTED_ERROR = TimeoutError\n" in text
    assert "ERROR_MESSAGE = 'gateway timed out'\n" in text
    assert "def test_refund_order_fails_as_recorded():" in text
    assert file_name(failed_call()) == "test_refund_order_89abcdef.py"


def test_a_soft_failure_returns_what_was_recorded() -> None:
    call = failed_call(status="soft_error", result={"error": "gateway timed out"})
    text = pytest_file(TRACE_ID, call)
    assert "RESULT = {'error': 'gateway timed out'}" in text
    assert "assert any(ERROR_MESSAGE in text for text in texts(result))" in text
    assert "pytest" not in {
        alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for alias in node.names
    }
    unsaid = pytest_file(TRACE_ID, failed_call(status="soft_error", result={"status": 404}))
    assert "assert result == RESULT" in unsaid


def test_the_test_fails_when_the_tool_behaves_otherwise(tmp_path: Path) -> None:
    raising = pytest_file(TRACE_ID, failed_call())
    soft = pytest_file(TRACE_ID, failed_call(status="soft_error", result={"error": "gateway timed out"}))
    stubs = {
        "test_mended.py": raising.replace("raise EXPECTED_ERROR(ERROR_MESSAGE)", "return 'refunded'"),
        "test_other_type.py": raising.replace("raise EXPECTED_ERROR(ERROR_MESSAGE)", "raise ValueError(ERROR_MESSAGE)"),
        "test_other_text.py": raising.replace("raise EXPECTED_ERROR(ERROR_MESSAGE)", "raise EXPECTED_ERROR('no')"),
        "test_soft_mended.py": soft.replace("return RESULT", "return {'refunded': True}"),
    }
    for name, text in stubs.items():
        (tmp_path / name).write_text(text)
    ended = run_pytest(tmp_path)
    assert ended.returncode == 1, ended.stdout
    assert "4 failed" in ended.stdout


@settings(
    max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(calls=st.lists(CALLS, min_size=25, max_size=25))
def test_whatever_was_recorded_the_file_passes(
    calls: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("calls")
    for number, call in enumerate(calls):
        (folder / f"test_{number}.py").write_bytes(pytest_file(TRACE_ID, call).encode())
    ended = run_pytest(folder)
    assert ended.returncode == 0, ended.stdout[-4000:]
    assert "25 passed" in ended.stdout


@given(CALLS)
def test_what_was_sent_is_only_ever_a_literal(call: dict[str, Any]) -> None:
    text = pytest_file(TRACE_ID, call)
    called = {ast.unparse(node.func) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)}
    assert called <= {"json.loads", "pytest.raises", "call_tool", "EXPECTED_ERROR", "str", "any", "texts"} | {
        "isinstance",
        "value.values",
    }
    assert all(char.isprintable() or char == "\n" for char in text)
    assert file_name(call).isascii()
    assert "/" not in file_name(call)


@pytest.mark.parametrize("depth", [0, 30, 39, 40, 41, 60])
def test_deep_values_come_back(depth: int, tmp_path: Path) -> None:
    value: Any = "end"
    for _ in range(depth):
        value = {"in": [value]}
    (tmp_path / "test_deep.py").write_text(
        pytest_file(TRACE_ID, failed_call(status="soft_error", arguments=value, result=value))
    )
    ended = run_pytest(tmp_path)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("value", [1.5, -0.0, 2**62, "ä\n'\"", [], {}, {"a": ["x" * 300, None, True]}])
def test_literals_are_what_they_stand_for(value: Any) -> None:
    assert ast.literal_eval(literal(value)) == value


def test_a_call_is_found_by_key_by_call_id_and_by_span() -> None:
    trace = {
        "trace_id": TRACE_ID,
        "tool_calls": [failed_call(), failed_call(call_key="call:x", call_id="x", span_id=None)],
    }
    assert find_failed_call(trace, "call:x")["call_id"] == "x"
    assert find_failed_call(trace, "x")["call_id"] == "x"
    assert find_failed_call(trace, span_id="0123456789ABCDEF")["call_id"] == "c1"


@pytest.mark.parametrize(
    ("status", "key", "sentence"),
    [
        ("ok", "c1", "is ok: only a call that failed"),
        ("unanswered", "c1", "is unanswered"),
        ("error", "c2", "Failed: 0123"),
    ],
)
def test_no_test_of_a_call_that_says_nothing(status: str, key: str, sentence: str) -> None:
    trace = {"trace_id": TRACE_ID, "tool_calls": [failed_call(status=status)]}
    with pytest.raises(NoSuchCall, match=sentence):
        find_failed_call(trace, key)
