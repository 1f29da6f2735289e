"""Clients that call tools by themselves until the model is content: what one response says of all turns.

Google's SDK repeats the run in the response, as `automatic_function_calling_history`. Instrumentations keep the
response; their messages are those of the first and the last turn.
Source: googleapis.github.io/python-genai, automatic function calling; google/genai/types.py.
"""

from typing import Any

from trace_store.dialects.history import HISTORIES
from trace_store.dialects.messages import read_message
from trace_store.dialects.texts import Run, whole_run

_KEYS = ("automatic_function_calling_history", "automaticFunctionCallingHistory")


def automatic_run(response: Any) -> Run | None:
    """All calls and results since the user's last text, with their turns; None when the response tells none."""
    key = next((key for key in _KEYS if key in response), None) if isinstance(response, str) else None
    value = HISTORIES.parse(response) if key is not None else None
    history = value.get(key) if isinstance(value, dict) else None
    if not isinstance(history, list):
        return None
    run: list[Any] = []
    for item in history:
        if not isinstance(item, dict):
            continue
        item = item if isinstance(item.get("role"), str) else {**item, "role": "user"}  # a question without a role
        message = read_message(item)
        if message is not None and message.role == "user" and message.text and not message.results:
            run = []  # what came before was an older question; a stream repeats the history with each chunk
        run.append(item)
    told = whole_run(run)
    return told if told[0] else None
