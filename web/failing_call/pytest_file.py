"""The text of a pytest file for a failed tool call: recorded arguments, a stub of the tool, the expected failure. Pure.

A call with status `error` is expected to raise, one with `soft_error` to return what was recorded: that is how the two
differ for the caller. Everything that was sent stands in the file as a literal, never as code or a name.
"""

import builtins
import re
from collections.abc import Iterator, Mapping
from typing import Any

from trace_store.attributes import json_safe
from web.failing_call.literals import literal

NAME_CHARS_MAX = 60

_HEAD = '''\
"""A tool call of an agent that failed, as Rainbarrel recorded it; run it with pytest.

It passes as it stands, since `call_tool` is a stub that fails as the tool did. Let `call_tool` call the real tool to
see whether it still fails with these arguments; once the tool is mended, turn the expectation around.
"""
'''
_RAISES = """
with pytest.raises(EXPECTED_ERROR) as raised:
    call_tool(ARGUMENTS)
"""


def file_name(call: Mapping[str, Any]) -> str:
    """A file name that pytest collects, such as test_refund_order_1a2b3c4d.py."""
    place = (call["span_id"] or re.sub("[^0-9A-Za-z]", "", call["call_key"]))[-8:]
    return f"test_{_slug(call['name'])}_{place or 'call'}.py"


def pytest_file(trace_id: str, call: Mapping[str, Any]) -> str:
    """The whole file for a failed call of the contract (docs/api.md)."""
    raises = call["status"] == "error"
    error = call["error"]
    message, error_type = json_safe(error["message"] or ""), json_safe(error["type"] or "")
    lines = [
        *_source(trace_id, call),
        f"TOOL = {call['name']!r}",
        f"ARGUMENTS = {literal(call['arguments'])}",
        f"ERROR_MESSAGE = {message!r}",
    ]
    body = _raising(call["name"], error_type, message) if raises else _returning(call["name"], call["result"], message)
    text = "\n".join([*lines, *body]) + "\n"
    imports = ["import json"] if "= json.loads(" in text else []
    imports += [""] if imports and raises else []
    imports += ["import pytest"] if raises else []
    return "\n".join([_HEAD, *imports, *([""] if imports else []), text])


def _source(trace_id: str, call: Mapping[str, Any]) -> Iterator[str]:
    """Where it comes from, in comments; `repr` keeps each on its line."""
    evidence = call["evidence"]
    yield f"# Trace {trace_id}, call {call['call_key']!r}."
    yield f"# It counts as failed by rule {evidence['rule']!r}, decided at {evidence['path']!r}."
    if call["arguments"] is None:
        yield "# Its arguments were not recorded."


def _raising(tool: str, error_type: str, message: str) -> Iterator[str]:
    known = _builtin_error(error_type, message)
    if known:
        yield f"EXPECTED_ERROR = {known}"
    else:
        yield f"ERROR_TYPE = {error_type!r}"
        yield ""
        yield ""
        yield "class RecordedError(Exception):"
        yield '    """Stands for ERROR_TYPE."""'
        yield ""
        yield ""
        yield "EXPECTED_ERROR = RecordedError  # with the real tool: the class that ERROR_TYPE names, or Exception"
    yield from _stub("raise EXPECTED_ERROR(ERROR_MESSAGE)")
    yield f"def test_{_slug(tool)}_fails_as_recorded():"
    yield from (f"    {line}" for line in _RAISES.strip().splitlines())
    if message:
        yield "    assert ERROR_MESSAGE in str(raised.value)"


def _returning(tool: str, result: Any, message: str) -> Iterator[str]:
    yield f"RESULT = {literal(result)}  # what the tool returned; the agent saw no exception"
    yield from _stub("return RESULT")
    says_message = message and any(message in text for text in _texts(json_safe(result)))
    if says_message:
        yield "def texts(value):"
        yield '    """All texts inside a JSON value."""'
        yield "    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()"
        yield "    return [value] if isinstance(value, str) else [text for each in inner for text in texts(each)]"
        yield ""
        yield ""
    yield f"def test_{_slug(tool)}_fails_as_recorded():"
    yield "    result = call_tool(ARGUMENTS)"
    yield (
        "    assert any(ERROR_MESSAGE in text for text in texts(result))"
        if says_message
        else ("    assert result == RESULT")
    )


def _stub(behaviour: str) -> Iterator[str]:
    yield ""
    yield ""
    yield "def call_tool(arguments):"
    yield '    """Put the real tool here: import it, and return my_tool(**arguments)."""'
    yield f"    {behaviour}"
    yield ""
    yield ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _builtin_error(error_type: str, message: str) -> str:
    """The name of the built-in exception that the recorded type names and that says `message`; "" for any other."""
    name = error_type.removeprefix("builtins.")
    found = getattr(builtins, name, None)
    if not (isinstance(found, type) and issubclass(found, Exception) and found.__name__ == name):
        return ""
    if issubclass(found, Warning | StopIteration | StopAsyncIteration):  # pytest and generators take them otherwise
        return ""
    try:
        return name if message in str(found(message)) else ""
    except TypeError:  # it needs more than a text, as UnicodeDecodeError does
        return ""


def _slug(name: str) -> str:
    """The name of the tool as part of a Python name."""
    return re.sub("[^0-9a-z]+", "_", name.lower()).strip("_")[:NAME_CHARS_MAX].strip("_") or "tool"
