"""The registry of rules over the result of a tool call: what a payload itself says about failure.

A rule looks at one object or text; tool_errors/failure/payload_views.py says at which ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tool_errors.failure import error_envelopes as envelopes
from tool_errors.failure.error_openings import error_opening
from tool_errors.failure.error_values import PayloadError
from tool_errors.failure.payload_views import views

NO_RULES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PayloadRule:
    """One entry of the registry."""

    id: str
    looks_at: str
    example: str
    since: str  # the release that brought it
    find: Callable[[Any], PayloadError | None]


PAYLOAD_RULES: tuple[PayloadRule, ...] = (
    PayloadRule(
        "payload.is_error", "`isError` or `is_error` is true (MCP)", '{"isError": true}', "0.1", envelopes.error_flag
    ),
    PayloadRule(
        "payload.error",
        "`error` or one of its spellings holds a text, an object, a code or true",
        '{"error": "rate limited"}',
        "0.1",
        envelopes.error_key,
    ),
    PayloadRule(
        "payload.success",
        "`success` is false, or `ok` is false beside a reason",
        '{"success": false, "message": "sold out"}',
        "0.1",
        envelopes.success_flag,
    ),
    PayloadRule(
        "payload.status",
        "an HTTP status of 400 to 599, or the status error or failed beside a message",
        '{"status": 429}',
        "0.1",
        envelopes.status_code,
    ),
    PayloadRule(
        "payload.errors",
        "`errors` or `errorMessages` of an envelope is not empty (GraphQL, JSON:API, Jira)",
        '{"data": null, "errors": [{"message": "no such field"}]}',
        "0.2",
        envelopes.error_list,
    ),
    PayloadRule(
        "payload.exit_code",
        "an exit code other than 0; code 1 with an empty stderr or a test report is an answer",
        '{"exit_code": 127, "stderr": "jqq: command not found"}',
        "0.2",
        envelopes.exit_code,
    ),
    PayloadRule(
        "payload.type", "`type` is error-text or error-json", '{"type": "error-text"}', "0.1", envelopes.typed_output
    ),
    PayloadRule(
        "payload.envelope",
        "the error object of AWS, GitHub, FastAPI, Salesforce or Node",
        '{"__type": "AccessDeniedException", "Message": "not allowed"}',
        "0.2",
        envelopes.known_envelope,
    ),
    PayloadRule(
        "payload.single",
        "a list that holds one error object and nothing else",
        '[{"message": "Session expired", "errorCode": "INVALID_SESSION_ID"}]',
        "0.2",
        envelopes.one_error_in_a_list,
    ),
    PayloadRule("payload.text", "the text begins as an error does", "TimeoutError: no answer", "0.1", error_opening),
)
PAYLOAD_RULE_IDS = frozenset(rule.id for rule in PAYLOAD_RULES)


def judge_payload(value: Any, path: str, off: frozenset[str] = NO_RULES) -> tuple[str, str, PayloadError] | None:
    """The first rule that any view of the value fulfils: its id, the full path, and what it found.

    Rules whose ids are in `off` are not asked.
    """
    rules = [rule for rule in PAYLOAD_RULES if rule.id not in off] if off else PAYLOAD_RULES
    for place, view in views(value, path):
        for rule in rules:
            what = rule.find(view)
            if what is not None:
                return rule.id, place + what.place, what
    return None
