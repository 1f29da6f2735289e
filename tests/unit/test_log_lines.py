"""Log lines: one line a message, and JSON that a program can read, traceback included."""

import json
import logging
import sys

from web.processes.logs import JsonLine, OneLine


def record(message: str, *values: object, with_error: bool = False) -> logging.LogRecord:
    error = None
    if with_error:
        try:
            raise ValueError("broken")
        except ValueError:
            error = sys.exc_info()
    return logging.LogRecord("web.processes.front", logging.WARNING, __file__, 1, message, values, error)


def test_a_message_is_one_line_of_text() -> None:
    line = OneLine("%(levelname)s front: %(message)s").format(record("two\nlines of %s", "it"))
    assert line == "WARNING front: two lines of it"


def test_a_line_of_json_has_everything() -> None:
    line = JsonLine("front").format(record('two\nlines of "%s"', "it", with_error=True))
    assert "\n" not in line
    said = json.loads(line)
    assert (said["level"], said["role"], said["logger"]) == ("warning", "front", "web.processes.front")
    assert said["message"] == 'two\nlines of "it"'
    assert said["time"].endswith("+00:00")
    assert "ValueError: broken" in said["traceback"]
    assert "traceback" not in json.loads(JsonLine("front").format(record("fine")))
