"""What rules find in texts and what they leave there: built-in patterns, JSON, hashes, refusals, hostile patterns."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otlp_receiver.redaction.built_in import BUILT_IN, is_card
from otlp_receiver.redaction.hints import without_assertions
from otlp_receiver.redaction.rules import ACTIONS, BadRedactionRule, read_rules
from otlp_receiver.redaction.text import CompiledRule, Spent, TextRedactor, left_behind

SECRET = b"s" * 32
KEY = "sk-proj-Abcdef0123456789Ghijkl"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA0\nabc+/=\n-----END RSA PRIVATE KEY-----"
OWN = {"name": "customer", "pattern": r"\bC-[0-9]{6}\b"}
PERSONAL = ["jane@example.org", "4111 1111 1111 1111", "+44 20 7946 0958", KEY, JWT, PEM, "C-123456", "[email]"]


def redactor(*rules: dict[str, Any]) -> TextRedactor:
    found = read_rules(list(rules) or [*({"name": name} for name in BUILT_IN), OWN])
    return TextRedactor([CompiledRule(rule, 1, SECRET) for rule in found], left_behind([rule.name for rule in found]))


def redact(text: str, *rules: dict[str, Any]) -> str:
    return redactor(*rules).redact(text.encode(), Spent()).decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to Jane.Doe+news@mail.example.co.uk, please", "Write to [email], please"),
        ("José@münchen.example <a@b.io>", "[email] <[email]>"),
        ("/users/jane%40example.org?x", "/users/[email]?x"),
        ("4111 1111 1111 1111 12/27", "[card] 12/27"),
        ("ref 22 4111-1111-1111-1111", "ref 22 [card]"),
        ("378282246310005,5555555555554444", "[card],[card]"),
        ("+44 20 7946 0958 or (555) 123-4567 or 555-123-4567", "[phone] or [phone] or [phone]"),
        ("0049 30 1234567", "[phone]"),
        ("(415) 555-2671", "[phone]"),
        ("(030) 1234567, (020) 7946 0958", "[phone], [phone]"),
        ("Tel.: 030 1234567", "Tel.: [phone]"),
        ("tel 030/12345678 or fax 030/12345679", "tel [phone] or fax [phone]"),
        ("My phone number: 06 12 34 56 78.", "My phone number: [phone]."),
        ("mobile=0171-1234567", "mobile=[phone]"),
        ('{"phone": "030 1234567"}', '{"phone": "[phone]"}'),
        ("Phone: 91 123 45 67", "Phone: [phone]"),
        ("phone 555 123 456", "phone [phone]"),
        ("Telefon: 0301234567", "Telefon: [phone]"),
        (f"key={KEY};", "key=[key];"),
        ("AKIAIOSFODNN7EXAMPLE", "[key]"),
        ("ghp_" + "aB3" * 12, "[key]"),
        ("xoxb-123456789012-abcdefABCDEF", "[key]"),
        (f"token {JWT}.", "token [jwt]"),
        ("Authorization: Bearer abcDEF123456789", "Authorization: Bearer [bearer]"),
        (f"Bearer {KEY}", "Bearer [key]"),
        (f"<{PEM}>", "<[private_key]>"),
        (PEM[:50] + "…", "[private_key]…"),
        ("C-123456 C-1234567", "[customer] C-1234567"),
    ],
)
def test_what_is_found(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T18:48:04.123456789+01:00 and 2026-11-21 18:48:04",
        "192.168.100.200:4318, 1.2.3, 0.4111111111111111, 12345678901234567890",
        "start 1763750884000000000 4111111111111112",
        "123e4567-e89b-12d3-a456-426614174000",
        "task-with-a-rather-long-name-of-words and risk-assessment-of-the-month",
        "bearer responsibilities",
        "gen_ai.usage.input_tokens @ rate, a@b, pkg@1.0.0",
        "123-45-6789",
        "030 1234567 is an order, 06 12 34 56 78 are numbers of a draw, 0301234567",
        "phone 2026-11-21, phone: 21.11.2026, phone=2026-11-21T18:48:04Z",
        "tel 1 299 000 sold, phone 1.299.000 units, phone 12.34.56.78",
        "phone: 1763750884000, phone_id=4155552671, microphone: 030 1234567, telemetry 030 1234567",
        "phone 15 and 16, 7 phones 2024, hotel 123 456 7890 rooms",
        "fax: 3.1415926535, tel: 1763750884",
        "",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    raw = text.encode()
    assert redactor().redact(raw, Spent()) is raw


def test_the_check_digit_decides() -> None:
    digits = [f"411111111111111{last}" for last in range(10)]
    assert [each for each in digits if is_card(each.encode())] == ["4111111111111111"]


def test_a_hash_is_equal_for_equal_values_alone() -> None:
    rules = [{"name": name, "action": "hash"} for name in ("email", "phone", "card")]
    first, same, other = redact("jane@example.org Jane%40EXAMPLE.org john@example.org", *rules).split()
    assert first == same != other
    assert first.startswith("[email:")
    assert redact("4111111111111111", *rules) == redact("4111 1111 1111 1111", *rules)
    elsewhere = CompiledRule(read_rules(rules)[0], 2, SECRET).instead_of(b"jane@example.org")
    otherwise = CompiledRule(read_rules(rules)[0], 1, b"t" * 32).instead_of(b"jane@example.org")
    assert len({first.encode(), elsewhere, otherwise}) == 3


def test_a_group_is_what_is_replaced() -> None:
    rule = {"name": "pin", "pattern": r"(?i)pin[:= ]+([0-9]{4})"}
    assert redact("PIN: 1234, pin=99999", rule) == "PIN: [pin], pin=[pin]9"


@pytest.mark.parametrize("level", [1, 2, 3])
def test_json_stays_json(level: int) -> None:
    """However often it is text in JSON again: escapes before and after a match are whole, numbers become texts."""
    value: Any = {"a": f'mail:\njane@example.org\t{KEY}\nC-123456\r{PEM}\n"x"', "é": "\u00e9jane@example.org"}
    value |= {"card": 4111111111111111, "n": [1, 2.50, True, None]}
    for ascii_only in (True, False):
        text: Any = value
        for _ in range(level):
            text = json.dumps(text, ensure_ascii=ascii_only)
        found: Any = redact(text)
        for _ in range(level):
            found = json.loads(found)
        assert found == {
            "a": 'mail:\n[email]\t[key]\n[customer]\r[private_key]\n"x"',
            "é": "[email]",
            "card": "[card]",
            "n": [1, 2.50, True, None],
        }


def test_what_breaks_json_is_still_replaced() -> None:
    """A pattern that reaches over values: rather no JSON than a secret."""
    rule = {"name": "x", "pattern": '"password": "[^"]*"'}
    assert redact('{"password": "hunter2", "a": 1}', rule) == '{[x], "a": 1}'


PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ALL = redactor()
SOME_HASH = redactor(*({"name": name, "action": ACTIONS[number % 2]} for number, name in enumerate(BUILT_IN)), OWN)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)  # lone surrogates cannot be sent
TEXTS = st.lists(ANY | st.sampled_from([*PERSONAL, "\\n", '"', " ", "@", "4111"])).map("".join)


@PATIENT
@given(TEXTS)
def test_redacting_twice_is_redacting_once(text: str) -> None:
    once = SOME_HASH.redact(text.encode(), Spent())
    assert SOME_HASH.redact(once, Spent()) is once
    once.decode()


@PATIENT
@given(ANY, st.sampled_from(PERSONAL[:-1]), ANY)
def test_what_stands_alone_is_found_wherever_it_stands(before: str, personal: str, after: str) -> None:
    assert personal.encode() not in ALL.redact(f"{before} {personal} {after}".encode(), Spent())


@PATIENT
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="@%\\[-+0123456789"), max_size=300))
def test_other_texts_stay_the_same_bytes(text: str) -> None:
    raw = text.encode()
    assert ALL.redact(raw, Spent()) is raw


@pytest.mark.parametrize("pattern", ["(?:a+)+$|a", "a.*b|a", "(?:a|aa)+$", "(?s)a.*?z|a"])
def test_hostile_patterns_end_and_nothing_is_left(pattern: str) -> None:
    """RE2 does not backtrack, but it may look to the end for each match; what is not done in time is replaced whole."""
    ticks = itertools.count()
    found = redactor({"name": "x", "pattern": pattern}).redact(b"a" * 20_000, Spent(lambda: next(ticks) / 4))
    assert b"a" not in found
    assert len(found) < 20_000


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({}, "rules is an array of objects"),
        ([{"name": "email"}] * 2, "Two rules are called email"),
        ([{"name": "email"}] * 51, "at most 50 rules; these are 51"),
        (["email"], "Rule 1 is no JSON object"),
        ([{"name": "email", "kind": "x"}], "kind is not known; a rule has name, pattern, action, fields"),
        ([{"name": "E-Mail"}], "1 to 32 small letters"),
        ([{"name": "mine"}], "it has no pattern, and only private_key, jwt"),
        ([{"name": "email", "pattern": "x"}], "belongs to a built-in pattern"),
        ([{"name": "email", "action": "drop"}], "action is placeholder or hash, not 'drop'"),
        ([{"name": "mine", "pattern": "(?=x)"}], "no look-around"),
        ([{"name": "mine", "pattern": r"(a)\1"}], "no back-references"),
        ([{"name": "mine", "pattern": "("}], "cannot be used: missing"),
        ([{"name": "mine", "pattern": "a*"}], "matches an empty text"),
        ([{"name": "mine", "pattern": "((a{100}){100}){100}"}], "cannot be used"),
        ([{"name": "mine", "pattern": "x" * 1001}], "this one has 1,001"),
        ([{"name": "email", "fields": "content"}], "fields is an array of names"),
        ([{"name": "email", "fields": [" "]}], "fields names none"),
        ([{"name": "email", "fields": ["user.id"]}], "all values of user.id would be one; take action hash"),
        ([{"name": "email", "fields": ["ai_data.*"]}], "all values of ai_data.convo_id would be one"),
    ],
)
def test_what_is_refused(rules: Any, words: str) -> None:
    with pytest.raises(BadRedactionRule) as refused:
        read_rules(rules)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^\bfoo\b$", "(?:)(?:)foo(?:)(?:)"),
        (r"[^$\]^a-z]+\$\^", r"[^$\]^a-z]+\$\^"),
        (r"[]^]x^", "[]^]x(?:)"),
        (r"\Q^a\b$\E^", r"\Q^a\b$\E(?:)"),
        (r"\\b\z", r"\\b(?:)"),
    ],
)
def test_assertions_are_taken_out(pattern: str, expected: str) -> None:
    assert without_assertions(pattern) == expected
