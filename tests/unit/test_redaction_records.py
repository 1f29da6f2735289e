"""What redaction does to encoded records: it changes the texts it has to, and not one byte besides."""

from typing import Any

import orjson
import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otlp_receiver.decode_events import decode_events
from otlp_receiver.decoded import DecodedEvents, DecodedTraces
from otlp_receiver.envelopes import envelope
from otlp_receiver.redaction import otlp
from otlp_receiver.redaction.redact import redact
from otlp_receiver.redaction.redactor import Redactor
from otlp_receiver.redaction.rules import read_rules
from otlp_receiver.redaction.text import Spent
from tests.agent_run import accepted, made
from tests.otlp_strategies import log_records, spans
from tests.spans_made import log, new_id, span

MAIL, MARK = "jane@example.org", "[email]"
EVERYWHERE = ["content", "resource", "scope"]


def redactor(*rules: dict[str, Any], project_id: int = 1) -> Redactor:
    return Redactor(read_rules(list(rules) or [{"name": "email"}]), project_id, b"s" * 32)


PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ONE_LETTER = redactor({"name": "x", "pattern": r"a|\bB\w*"})


def oracle(message: Message, is_kept: bool = False) -> None:
    """The same by parsing: every text of a message but keys of attributes, which have no depth."""
    for field, value in list(message.ListFields()):
        name = field.name
        if field.type == field.TYPE_STRING and not (is_kept and name == "key"):
            setattr(message, name, ONE_LETTER._field(name, value.encode(), Spent()).decode())
        elif name == "bytes_value":
            setattr(message, name, ONE_LETTER._field(name, value, Spent()))
        elif field.type == field.TYPE_MESSAGE:
            for each in value if field.is_repeated else [value]:
                oracle(each, is_kept=name == "attributes")


@PATIENT
@given(spans())
def test_every_text_of_a_span_and_nothing_else(message: Span) -> None:
    raw = message.SerializeToString(deterministic=True)
    new = ONE_LETTER.span(span(otlp=raw, name=message.name), Spent())
    oracle(message)
    assert new.otlp == message.SerializeToString(deterministic=True)
    assert new.name == message.name
    assert ONE_LETTER.span(new, Spent()) is new or ONE_LETTER.span(new, Spent()).otlp is new.otlp


@PATIENT
@given(log_records())
def test_every_text_of_a_log_record_and_nothing_else(message: LogRecord) -> None:
    raw = message.SerializeToString(deterministic=True)
    new = ONE_LETTER.log(log(otlp=raw, event_name=message.event_name), Spent())
    oracle(message)
    assert new.otlp == message.SerializeToString(deterministic=True)
    assert new.event_name == message.event_name


@PATIENT
@given(spans(), st.sampled_from(["jane@example.org", r"ja\nB ", "x"]))
def test_what_is_not_walked_would_not_have_changed(message: Span, planted: str) -> None:
    message.attributes.append(KeyValue(key="k", value=AnyValue(string_value=f'{{"a": "{planted}"}}')))
    raw = message.SerializeToString()
    for rules in (redactor(), redactor({"name": "x", "pattern": r"^jane|\bB"})):
        walked = otlp.rewrite(raw, otlp.SPAN, lambda name, text, rules=rules: rules._field(name, text, Spent()))  # type: ignore[misc]
        assert rules.span(span(otlp=raw), Spent()).otlp == walked


@pytest.mark.parametrize("key", ["user e-mail", "key ", " ", "resource host", "scope ", "content x", "resource"])
def test_a_key_with_spaces_hides_nothing(key: str) -> None:
    (sent,) = accepted([made(new_id(16), 1, 0, "run", {key: f"to {MAIL}"})])
    assert MAIL.encode() not in redactor().span(sent, Spent()).otlp
    resource = Resource(attributes=[KeyValue(key=key, value=AnyValue(string_value=MAIL))])
    told = sent._replace(resource=envelope(resource.SerializeToString(), ""))
    assert redactor().span(told, Spent()).resource == told.resource
    everywhere = redactor({"name": "email", "fields": EVERYWHERE}).span(told, Spent())
    assert MAIL.encode() not in everywhere.resource.otlp


def test_a_span_without_a_hit_is_the_same_object() -> None:
    untouched = span()
    decoded = DecodedTraces(1, [untouched, span(project_id=2)])
    assert redact(decoded, {1: redactor()}) == {}
    assert decoded.spans[0] is untouched


def test_bytes_around_a_text_stay_as_they_came() -> None:
    """Order of fields, long varints, repeated fields and unknown numbers are the sender's."""
    unknown = b"\xc2\x3e\x03abc" + b"\xc8\x3e\x80\x00"  # field 1000: text, field 1001: a varint of two bytes for 0
    name = b"\x2a" + b"\x96\x00" + b"to jane@example.org, me"[:22]  # the length in two bytes
    raw = unknown + name + b"\x12\x08" + b"i" * 8 + b"\x0a\x10" + b"t" * 16
    new = otlp.rewrite(raw, otlp.SPAN, lambda name, text: text.replace(MAIL.encode(), b"[email]"))
    assert new == unknown + b"\x2a\x0d" + b"to [email], m" + b"\x12\x08" + b"i" * 8 + b"\x0a\x10" + b"t" * 16


def test_an_unknown_field_with_a_hit_is_left_out() -> None:
    secret = MAIL.encode()
    group = b"\xc3\x3e" + b"\x0a\x10" + secret + b"\xc4\x3e"
    raw = b"\x2a\x01n" + b"\xc2\x3e\x10" + secret + group + b"\x30\x01"
    assert redactor().span(span(otlp=raw), Spent()).otlp == b"\x2a\x01n\x30\x01"


def test_ids_stay_unless_a_rule_names_them() -> None:
    values = {"user.id": MAIL, "session.id": MAIL, "note": MAIL, "gen_ai.conversation.id": MAIL}
    (sent,) = accepted([made(new_id(16), 1, 0, "run", values)])

    def found(*rules: dict[str, Any]) -> dict[str, str]:
        stored = Span.FromString(redactor(*rules).span(sent, Spent()).otlp)
        return {each.key: each.value.string_value for each in stored.attributes}

    assert found() == values | {"note": MARK}
    hashed = found({"name": "email", "action": "hash", "fields": ["content", "user.id"]})
    assert hashed["user.id"] == hashed["note"] != MAIL
    assert hashed["session.id"] == MAIL
    only = found({"name": "who", "pattern": ".+", "action": "hash", "fields": ["user.*"]})
    assert only == values | {"user.id": only["user.id"]}
    assert only["user.id"].startswith("[who:")


def test_resources_and_scopes_where_a_rule_says_so() -> None:
    resource = Resource(attributes=[KeyValue(key="owner", value=AnyValue(string_value=MAIL))])
    scope = InstrumentationScope(name=f"of {MAIL}", attributes=resource.attributes)
    sent = span(resource=envelope(resource.SerializeToString(), "u"), scope=envelope(scope.SerializeToString(), ""))
    assert redactor().span(sent, Spent()) is sent
    stored = redactor({"name": "email", "fields": EVERYWHERE}).span(sent, Spent())
    assert Resource.FromString(stored.resource.otlp).attributes[0].value.string_value == MARK
    assert InstrumentationScope.FromString(stored.scope.otlp).name == f"of {MARK}"
    assert (stored.resource.schema_url, stored.resource.envelope_id != sent.resource.envelope_id) == ("u", True)
    named = redactor({"name": "email", "fields": ["owner"]}).span(sent, Spent())
    assert Resource.FromString(named.resource.otlp).attributes[0].value.string_value == MARK
    assert InstrumentationScope.FromString(named.scope.otlp).name == f"of {MAIL}"


def posted(kind: Any, item: Any) -> DecodedEvents:
    return decode_events(kind, orjson.dumps([item] if kind == "track" else item), 1)


def test_everything_that_is_posted_but_ids() -> None:
    item = {
        "event_id": "e1",
        "event": f"ask {MAIL}",
        "user_id": MAIL,
        "timestamp": "2026-11-21T18:00:00Z",
        "ai_data": {"input": MAIL, "output": MAIL, "convo_id": MAIL},
        "properties": {MAIL: 1, "john@example.org": 2, "card": 4111111111111111, "deep": [{MAIL: [MAIL]}]},
        "attachments": [{"type": "text", "value": MAIL, "name": MAIL}],
    }
    rules = redactor({"name": "email"}, {"name": "card"})
    decoded = posted("track", item)
    sent = decoded.updates[0]
    assert redact(decoded, {1: rules}) == {"email": 9, "card": 1}
    (stored,) = decoded.updates
    assert orjson.loads(stored.body) == item | {
        "event": f"ask {MARK}",
        "ai_data": {"input": MARK, "output": MARK, "convo_id": MAIL},
        "properties": {MARK: 1, MARK + "'": 2, "card": "[card]", "deep": [{MARK: [MARK]}]},
        "attachments": [{"type": "text", "value": MARK, "name": MARK}],
    }
    assert stored.digest != sent.digest
    again = posted("track", item)
    redact(again, {1: rules})
    assert again.updates == [stored]

    plain = posted("track", item | {"event": "ask", "ai_data": {}, "properties": {}, "attachments": []})
    before = plain.updates[0]
    assert redact(plain, {1: rules}) == {}
    assert plain.updates[0] is before


def test_signals_and_users() -> None:
    said = posted("signals", {"event_id": "e1", "signal_name": MAIL, "properties": {"comment": f"I am {MAIL}"}})
    person = posted("identify", {"user_id": MAIL, "traits": {"email": MAIL, "age": 7}})
    digests = said.feedback[0].digest, person.users[0].digest
    assert redact(said, {1: redactor()}) == {"email": 2}
    assert redact(person, {1: redactor()}) == {"email": 1}
    assert (said.feedback[0].name, said.feedback[0].properties) == (MARK, {"comment": f"I am {MARK}"})
    assert (person.users[0].user_id, person.users[0].traits) == (MAIL, {"email": MARK, "age": 7})
    assert (said.feedback[0].digest, person.users[0].digest) != digests


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("card", AnyValue(int_value=4111111111111111), AnyValue(string_value="[card]")),
        ("card", AnyValue(double_value=4111111111111111.0), AnyValue(string_value="[card]")),
        ("user.phone", AnyValue(int_value=4155552671), AnyValue(string_value="[phone]")),
        ("userPhone", AnyValue(int_value=4915112345670), AnyValue(string_value="[phone]")),
        ("user.phone", AnyValue(string_value="030 1234567"), AnyValue(string_value="[phone]")),
        ("order.id", AnyValue(int_value=4155552671), None),
        ("start", AnyValue(int_value=1763750884000000000), None),
        ("card", AnyValue(int_value=4111111111111112), None),
        ("ratio", AnyValue(double_value=0.4111111111111111), None),
        ("gen_ai.usage.input_tokens", AnyValue(int_value=123456), None),
        ("microphone", AnyValue(int_value=4155552671), None),
        ("phone.count", AnyValue(int_value=4155552671), None),
        ("below", AnyValue(int_value=-4111111111111111), None),
    ],
)
def test_numbers_of_attributes(key: str, value: AnyValue, expected: AnyValue | None) -> None:
    """A card is found in a number too, a phone where the attribute is called so; ids and times are left alone."""
    rules = redactor({"name": "card"}, {"name": "phone"})
    inside = AnyValue(array_value=ArrayValue(values=[value, AnyValue(bool_value=True)]))
    for sent, stored in ((value, expected), (inside, expected)):
        message = Span(attributes=[KeyValue(key=key, value=sent)], name="run")
        raw = span(otlp=message.SerializeToString(), name="run")
        new = rules.span(raw, Spent())
        if stored is None:
            assert new is raw
        elif sent is value:
            assert Span.FromString(new.otlp).attributes[0].value == stored
        else:
            assert Span.FromString(new.otlp).attributes[0].value.array_value.values[0] == stored
