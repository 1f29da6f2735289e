"""The words of a message: nobody's text becomes markup, nothing is cut without a sign."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tool_errors.delivery.email import email_of
from tool_errors.delivery.message import Line, duration, message_of, plain_text
from tool_errors.delivery.sender import project_url
from tool_errors.delivery.slack import slack_body
from tool_errors.delivery.teams import teams_body
from tool_errors.delivery.worker import ATTEMPTS_MAX, DeliveryPace
from trace_store.alerts.outbox import DueDelivery

EVIL = "<!channel> [click](https://evil.example) & *bold*\nBcc: x@y\r\0"
SUBJECT = {"kind": "match", "title": EVIL, "what": EVIL, "rule": EVIL, "tool": EVIL, "look_at": EVIL}


def test_nobodys_text_becomes_a_mention_or_a_link() -> None:
    message = message_of(SUBJECT, "")
    slack = slack_body(message)
    assert "&lt;!channel&gt;" in slack["text"]
    assert "<!channel>" not in slack["text"] + json.dumps(slack["blocks"][1:])  # the header knows no markup
    assert "[click](" not in json.dumps(teams_body(message))
    config = {"sender": "rain@example.com", "recipients": ["one@example.com"]}
    now = datetime.now(UTC)
    mail = email_of(DueDelivery(1, UUID(int=1), 1, "match", SUBJECT, now, 1, "email", "mail", config), message)
    assert mail["bcc"] is None
    assert "\n" not in message.title


def test_no_url_no_links_but_the_ids() -> None:
    subject = {"kind": "fired", "title": "t", "trace_ids": [f"{n:032x}" for n in range(7)], "issue": "a/b"}
    (section,) = message_of(subject, "").sections
    assert section.heading == "Examples, showing 5 of 7 traces"
    assert section.lines[0] == Line("Issue a/b")
    (section,) = message_of(subject, "https://rain.example/base/").sections
    assert section.lines[0].url == "https://rain.example/base/issues/a%2Fb"
    assert section.lines[1].url == f"https://rain.example/base/traces/{0:032x}"
    assert f"https://rain.example/base/traces/{0:032x}" in plain_text(message_of(subject, "https://rain.example/base"))


def test_long_sections_say_what_they_show() -> None:
    lines = [{"text": f"line {n}", "path": f"/issues/{n}"} for n in range(12)]
    subject = {"kind": "digest", "title": "t", "sections": [{"heading": "Issues", "lines": lines, "total": 40}]}
    (section,) = message_of(subject, "").sections
    assert (len(section.lines), section.lines[-1].text) == (11, "showing 10 of 40")


@pytest.mark.parametrize(
    "subject", [{}, {"kind": "later", "events": "x", "sections": [1, {"lines": 2}]}, {"title": None}]
)
def test_a_subject_of_another_version_is_told_all_the_same(subject: dict[str, object]) -> None:
    assert message_of(subject, "").title == "Rainbarrel"


def test_durations() -> None:
    assert [duration(s) for s in (5, 90, 7200, 86400 * 7)] == ["5 s", "1.5 min", "2 h", "7 d"]


def test_the_attempts_grow_apart_and_take_hours() -> None:
    pace = DeliveryPace()
    longest = [pace.delay_s(attempt, 0.0) for attempt in range(1, ATTEMPTS_MAX)]
    assert 1.5 <= longest[0] <= 2.0
    assert all(delay <= 3600 for delay in longest)
    assert 2 * 3600 < sum(longest) < 5 * 3600
    assert pace.delay_s(1, 120.0) == 120.0


def test_links_lead_into_the_project() -> None:
    assert project_url("https://r.example", "shop") == "https://r.example/projects/shop"
    assert project_url("https://r.example", "default") == "https://r.example"
    assert project_url("", "shop") == ""
