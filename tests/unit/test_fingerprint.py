"""Fingerprints: the same failure has one, another failure has another."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labelled_results import judged, labelled
from tool_errors.failure.fingerprint import fingerprint, normalise_message

SAME = [
    ("invalid date: 2026-13-45", "invalid date: 2026-02-31"),
    ("order 1234 not found", "order 98 not found"),
    ("order ab12cd-99 not found", "order zz77qq-01 not found"),
    ("GET https://a.example/x?id=1 timed out after 30s", "GET https://b.example/y timed out after 2.5s"),
    ("no such file: /var/data/a.txt", "no such file: ./b.txt"),
    ("key 'city' is missing", 'key "country" is missing'),
    ("user jo@example.com is locked", "user mia.b@mail.example.org is locked"),
    ("session 6f9619ff-8b86-d011-b42d-00c04fc964ff expired", "session 00000000-0000-4000-8000-000000000001 expired"),
    ("at 2026-01-02T03:04:05.678Z: refused", "at 2025-11-12 23:59:59+01:00: refused"),
    ("cannot reach 10.0.0.1:5432", "cannot reach 192.168.7.9:80"),
    ("Rate  limit\nreached", "rate limit reached"),
]
DIFFERENT = [
    ("invalid date: 2026-13-45", "invalid time: 2026-13-45"),
    ("status code 404", "status code 500"),
    ("HTTP 429 from the gateway", "HTTP 503 from the gateway"),
    ("no weather station found", "weather station offline"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal_failures(one: str, other: str) -> None:
    assert normalise_message(one) == normalise_message(other)
    assert fingerprint("t", "ValueError", one) == fingerprint("t", "builtins.ValueError", other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_failures(one: str, other: str) -> None:
    assert fingerprint("t", "", one) != fingerprint("t", "", other)


def test_tool_and_type_count() -> None:
    assert fingerprint("a", "E", "x") != fingerprint("b", "E", "x")
    assert fingerprint("a", "ValueError", "x") != fingerprint("a", "KeyError", "x")


def test_it_is_the_same_in_every_release() -> None:
    assert normalise_message("Order 17 at 10:30: 'x' <unknown>") == "order <number> at <time>: <value> <unknown>"
    assert fingerprint("search_flights", "ValueError", "invalid date: 2026-13-45") == "8980d97cd6a01244"


PIECES = st.sampled_from(
    [*"'\"`</{}:-_.é \n", "a", "17", "'x'", "ab12cd", "404", "status ", "error ", "code ", "https://a.b/c", "x@y.z"]
) | st.sampled_from(["0x1f", "1.5s", "12:30", "2026-01-02", "10.0.0.1", "<path>", "```"])


@given(st.lists(PIECES, max_size=16).map("".join))
def test_normalising_again_changes_nothing(message: str) -> None:
    normalised = normalise_message(message)
    assert normalise_message(normalised) == normalised


def test_normalising_labelled_messages_again_changes_nothing() -> None:
    for entry in labelled("errors"):
        normalised = normalise_message(judged(entry).message)
        assert normalise_message(normalised) == normalised


SAME_FAILURE = [
    "langgraph_raised",
    "langgraph_raised_text",
    "openai_agents_with_error",
    "graphql_partial",
    "java",
    "go_panic",
    "status_error",
    "status_typed",
    "exception_event",
    "status_and_payload",
]


def test_the_same_failure_has_one_normalised_message_in_every_framework_and_language() -> None:
    entries = {entry.id: entry for entry in labelled("errors")}
    assert {normalise_message(judged(entries[id_]).message) for id_ in SAME_FAILURE} == {"order <number> is locked"}


def test_it_is_the_same_in_every_process() -> None:
    program = (
        "from tool_errors.failure.fingerprint import fingerprint; print(fingerprint('t', 'E', \"order 17: {'a': 1}\"))"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert made == {fingerprint("t", "E", "order 17: {'a': 1}") + "\n"}
