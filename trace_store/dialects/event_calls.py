"""Tool calls that one span tells in several span events, as coding agents write them into spans of their machinery."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trace_store.attributes import payload, unwrap
from trace_store.dialects.failures import read_failure
from trace_store.dialects.reading import Reading
from trace_store.dialects.records import told_calls
from trace_store.dialects.table import Table
from trace_store.dialects.texts import arguments_payload, plain
from trace_store.facts import AnsweredCall, RequestedCall, SpanFacts
from trace_store.model import STATUS_UNSET, Span


def add_event_calls(facts: SpanFacts, span: Span, table: Table) -> None:
    """The calls of a span that is no single call: each was asked for and answered, one after the other.

    One call that the span itself is, and what the span of a model call tells, stay as they are.
    """
    calls = told_calls(span, table.records, table.dialect)
    if facts.type == "llm" or len(calls) < (2 if facts.type == "tool" else 1):
        return
    if facts.type == "tool":
        facts.type, facts.is_aggregate = "chain", True
        facts.tool_name = facts.tool_call_id = facts.arguments = facts.result = facts.failure = None
    bare = replace(span, status_code=STATUS_UNSET, status_message="", events=())
    answers = [_answer(bare, attributes, table, turn) for turn, attributes in enumerate(calls, start=1)]
    facts.answered_calls += tuple(answers)
    facts.requested_calls += tuple(
        RequestedCall(each.call_id, each.name, each.arguments, each.turn) for each in answers
    )


def _answer(bare: Span, attributes: Mapping[str, Any], table: Table, turn: int) -> AnsweredCall:
    reading = Reading(table.layout(attributes), attributes)
    arguments, result = reading.first("arguments", "input"), reading.first("result", "output")
    return AnsweredCall(
        reading.text("tool_call_id") or "",
        reading.text("tool_name") or "",
        None if result is None else payload(unwrap(plain(result))),
        arguments_payload(arguments),
        read_failure(bare, reading, has_output=result is not None),
        turn,
    )
