"""The rules of one project, compiled, and what they do to a record: a span, a log record, a resource, a posted item."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, TypeVar

import orjson

from otlp_receiver.envelopes import envelope
from otlp_receiver.redaction import otlp
from otlp_receiver.redaction.built_in import PHONE_KEY
from otlp_receiver.redaction.fields import CONTENT, RESOURCE, SCOPE, reaches
from otlp_receiver.redaction.hints import Hints
from otlp_receiver.redaction.rules import RedactionRule
from otlp_receiver.redaction.text import CompiledRule, Spent, TextRedactor, left_behind
from trace_store.interactions.interaction_rows import AcceptedFeedback, AcceptedUpdate, AcceptedUser
from trace_store.model import AcceptedLog, AcceptedSpan, Envelope

_FREE_KEYS = ("properties", "traits", "feature_flags")  # objects whose keys applications choose
_REMEMBERED = 4096  # fields and envelopes; whoever sends more of them pays for looking again
_Posted = TypeVar("_Posted", AcceptedUpdate, AcceptedFeedback, AcceptedUser)


class Redactor:
    """What the rules of a project do to its records. A record without a hit is the same object after it."""

    def __init__(self, rules: Sequence[RedactionRule], project_id: int, secret: bytes) -> None:
        self._secret = secret
        self._rules = tuple(CompiledRule(rule, project_id, secret) for rule in rules)
        self._known = left_behind([rule.name for rule in rules])
        self._hints = Hints(rule.rule for rule in self._rules if not rule.keys)
        self._keys = sorted({key.encode() for rule in self._rules for key in rule.keys})
        self._has_envelopes = any(rule.fields - {CONTENT} for rule in self._rules)
        self._texts: dict[str, tuple[TextRedactor, bool]] = {}
        self._envelopes: dict[tuple[str, bytes], Envelope] = {}

    def span(self, span: AcceptedSpan, spent: Spent) -> AcceptedSpan:
        """The span as it is stored."""
        if self._has_envelopes:
            span = span._replace(resource=self._resource(span.resource, spent), scope=self._scope(span.scope, spent))
        if not self._may_find(span.otlp):
            return span
        new = otlp.rewrite(span.otlp, otlp.SPAN, lambda name, text: self._field(name, text, spent), self._may_find)
        if new is span.otlp:
            return span
        return span._replace(otlp=new, name=self._field("span.name", span.name.encode(), Spent()).decode())

    def log(self, log: AcceptedLog, spent: Spent) -> AcceptedLog:
        """The log record as it is stored."""
        if self._has_envelopes:
            log = log._replace(resource=self._resource(log.resource, spent), scope=self._scope(log.scope, spent))
        if not self._may_find(log.otlp):
            return log
        new = otlp.rewrite(log.otlp, otlp.LOG, lambda name, text: self._field(name, text, spent), self._may_find)
        if new is log.otlp:
            return log
        return log._replace(otlp=new, event_name=self._field("event.name", log.event_name.encode(), Spent()).decode())

    def update(self, update: AcceptedUpdate, spent: Spent) -> AcceptedUpdate:
        """An event or a partial as it is stored."""
        body = orjson.loads(update.body)
        new = self._object("", body, spent)
        if new is body:
            return update
        changed = update._replace(body=orjson.dumps(new), event_id=self._text("event_id", update.event_id, Spent()))
        return self._with_digest(changed)

    def feedback(self, said: AcceptedFeedback, spent: Spent) -> AcceptedFeedback:
        """A signal as it is stored."""
        changed = said._replace(
            event_id=self._text("event_id", said.event_id, spent),
            name=self._text("signal_name", said.name, spent),
            type=self._text("signal_type", said.type, spent),
            attachment_id=said.attachment_id and self._text("attachment_id", said.attachment_id, spent),
            properties=self._object("properties", said.properties, spent),
        )
        return said if changed == said else self._with_digest(changed)

    def user(self, user: AcceptedUser, spent: Spent) -> AcceptedUser:
        """What was said of a user, as it is stored."""
        changed = user._replace(
            user_id=self._text("user_id", user.user_id, spent), traits=self._object("traits", user.traits, spent)
        )
        return user if changed == user else self._with_digest(changed)

    def _with_digest(self, posted: _Posted) -> _Posted:
        """A digest of what was replaced could be tried out; this one takes the key, and is equal for equal items."""
        return posted._replace(digest=hmac.digest(self._secret, posted.digest, hashlib.sha256)[: len(posted.digest)])

    def _may_find(self, encoded: bytes) -> bool:
        return self._hints.may_find(encoded) or any(key in encoded for key in self._keys)

    def _resource(self, sent: Envelope, spent: Spent) -> Envelope:
        return self._envelope(RESOURCE, sent, otlp.RESOURCE_FIELDS, spent)

    def _scope(self, sent: Envelope, spent: Spent) -> Envelope:
        return self._envelope(SCOPE, sent, otlp.SCOPE_FIELDS, spent)

    def _envelope(self, kind: str, sent: Envelope, fields: otlp.Fields, spent: Spent) -> Envelope:
        found = self._envelopes.get((kind, sent.digest))
        if found is None:
            new = otlp.rewrite(sent.otlp, fields, lambda name, text: self._field(name, text, spent))
            found = sent if new is sent.otlp else envelope(new, sent.schema_url)
            if len(self._envelopes) >= _REMEMBERED:
                self._envelopes.clear()
            self._envelopes[kind, sent.digest] = found
        return found

    def _field(self, name: str, text: bytes, spent: Spent) -> bytes:
        found = self._texts.get(name)
        if found is None:
            rules = [rule for rule in self._rules if reaches(rule.fields, name)]
            found = TextRedactor(rules, self._known), PHONE_KEY.search(name) is not None
            if len(self._texts) >= _REMEMBERED:
                self._texts.clear()
            self._texts[name] = found
        redactor, is_phone = found
        new = redactor.redact(text, spent) if redactor.rules else text
        if new is text and is_phone and redactor.rules:
            new = _as_phone(redactor, text, spent)
        if new is not text and spent.observe is not None:
            spent.observe(name, text, new)
        return new

    def _text(self, name: str, text: str, spent: Spent) -> str:
        raw = text.encode()
        new = self._field(name, raw, spent)
        return text if new is raw else new.decode()

    def _value(self, name: str, value: Any, spent: Spent) -> Any:
        if isinstance(value, str):
            return self._text(name, value, spent)
        if isinstance(value, dict):
            return self._object(name, value, spent)
        if isinstance(value, list):
            new = [self._value(name, item, spent) for item in value]
            return value if _is_same(new, value) else new
        if isinstance(value, int) and not isinstance(value, bool):  # the number of a card may be a number
            text = str(value)
            new_text = self._text(name, text, spent)
            return value if new_text is text else new_text
        return value

    def _object(self, name: str, value: dict[str, Any], spent: Spent) -> dict[str, Any]:
        """Its values, and the keys of what lies inside `properties`, `traits` and the like: they are data, too."""
        new: dict[str, Any] = {}
        for key, item in value.items():
            path = key if not name else name if "." in name else f"{name}.{key}"
            new_key = self._text(path, key, spent) if name in _FREE_KEYS or "." in name else key
            while new_key is not key and new_key in new:
                new_key += "'"
            new[new_key] = self._value(path, item, spent)
        return value if _is_same((*new, *new.values()), (*value, *value.values())) else new


def _as_phone(redactor: TextRedactor, text: bytes, spent: Spent) -> bytes:
    """The value of a field that is called phone: a number is one without a word or its country beside it."""
    lead = b"+" if text.isdigit() and not text.startswith(b"0") else b"tel: "
    new = redactor.redact(lead + text, spent)
    return text if new == lead + text else new.removeprefix(lead)


def _is_same(new: Sequence[Any], old: Sequence[Any]) -> bool:
    return len(new) == len(old) and all(value is known for value, known in zip(new, old, strict=True))
