"""What rules for redaction would do to the newest stored records of a project; nothing is saved."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from otlp_receiver.redaction.redactor import Redactor
from otlp_receiver.redaction.rules import RedactionRule
from otlp_receiver.redaction.text import Spent
from trace_store.interactions.interaction_rows import AcceptedFeedback, AcceptedUpdate, AcceptedUser
from trace_store.model import AcceptedLog, AcceptedSpan, Envelope
from trace_store.redaction_samples import PostedSignal, Samples, ToldUser, read_samples
from trace_store.stored import StoredEnvelope, StoredLog, StoredSpan
from web.context import WebContext

CHANGES_SHOWN = 50
SNIPPET_CHARS = 160
_CHARS_BEFORE = 40


@dataclass(frozen=True, slots=True)
class ChangedText:
    """One text that would be stored otherwise."""

    place: str  # span, log record or event
    trace_id: str  # "" of an event
    span_id: str
    event_id: str
    field: str
    before: str  # around the first difference
    after: str


@dataclass(frozen=True, slots=True)
class LookedAt:
    """How much of one kind of record was looked at."""

    what: str  # in the plural
    count: int
    total: int
    changed: int


@dataclass(frozen=True, slots=True)
class RedactionTrial:
    """What the rules found."""

    looked_at: tuple[LookedAt, ...]
    counts: dict[str, int]  # by rule, in the order in which they are asked
    changed_texts: int
    changes: tuple[ChangedText, ...]  # the first of them

    def as_json(self) -> dict[str, Any]:
        """The trial as it is sent."""
        return asdict(self)


async def try_rules(context: WebContext, rules: Sequence[RedactionRule]) -> RedactionTrial:
    """Tries rules on the newest spans, log records, events, signals and users."""
    samples = await read_samples(context.pool, context.project_id)
    return await asyncio.to_thread(_try, context.project_id, rules, samples)


def _try(project_id: int, rules: Sequence[RedactionRule], samples: Samples) -> RedactionTrial:
    redactor = Redactor(rules, project_id, samples.secret)
    spent = Spent()
    changes: list[ChangedText] = []
    found: list[tuple[str, bytes, bytes]] = []
    spent.observe = lambda name, before, after: found.append((name, before, after))
    looked_at = []
    for what, signal, records in (
        ("spans", "traces", samples.spans),
        ("log records", "logs", samples.logs),
        ("events", "events", samples.updates),
        ("signals", "feedback", samples.signals),
        ("users", "users", samples.users),
    ):
        changed = 0
        for record in records:
            found.clear()
            place = _redact(redactor, record, project_id, spent)
            changed += bool(found)
            changes += [ChangedText(*place, name, *snippets(*texts)) for name, *texts in found]
        if samples.received.get(signal) or records:
            looked_at.append(LookedAt(what, len(records), max(len(records), samples.received.get(signal, 0)), changed))
    counts = {rule.name: spent.counts[rule.name] for rule in rules}
    return RedactionTrial(tuple(looked_at), counts, len(changes), tuple(changes[:CHANGES_SHOWN]))


def _redact(redactor: Redactor, record: Any, project_id: int, spent: Spent) -> tuple[str, str, str, str]:
    """Redacts a stored record as if it came now; where it is from."""
    if isinstance(record, StoredSpan):
        row, envelopes = record.row, _envelopes(record)
        ids = project_id, row.trace_id, row.span_id, b""
        redactor.span(AcceptedSpan(*ids, 0, 0, "", 0, 0, (), *envelopes, record.otlp), spent)
        return "span", row.trace_id.hex(), row.span_id.hex(), ""
    if isinstance(record, StoredLog):
        sent = AcceptedLog(project_id, record.trace_id, record.span_id, 0, 0, "", *_envelopes(record), record.otlp)
        redactor.log(sent, spent)
        return "log record", record.trace_id.hex(), record.span_id.hex(), ""
    if isinstance(record, PostedSignal):
        said = (record.attachment_id, record.properties)
        redactor.feedback(
            AcceptedFeedback(project_id, record.event_id, bytes(16), record.name, record.type, None, None, *said), spent
        )
        return "signal", "", "", record.event_id
    if isinstance(record, ToldUser):
        redactor.user(AcceptedUser(project_id, record.user_id, bytes(16), None, record.traits), spent)
        return f"user {record.user_id}", "", "", ""
    redactor.update(AcceptedUpdate(project_id, record.event_id, record.kind, None, bytes(16), record.body), spent)
    return "event", "", "", record.event_id


def _envelopes(record: StoredSpan | StoredLog) -> tuple[Envelope, Envelope]:
    return _envelope(record.resource), _envelope(record.scope)


def _envelope(stored: StoredEnvelope) -> Envelope:
    return Envelope(0, stored.otlp, stored.otlp, stored.schema_url)  # the digest is a key of a cache alone


def snippets(before: bytes, after: bytes) -> tuple[str, str]:
    """Both texts around their first difference."""
    old, new = before.decode("utf-8", "replace"), after.decode("utf-8", "replace")
    first = next((place for place, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), 0)
    start = max(0, first - _CHARS_BEFORE)
    return _cut(old, start), _cut(new, start)


def _cut(text: str, start: int) -> str:
    end = start + SNIPPET_CHARS
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
