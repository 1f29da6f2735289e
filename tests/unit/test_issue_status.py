"""The status of an issue: a person's word holds until it is contradicted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tool_errors.issue_status import NEW_FOR, STATUSES, issue_status
from trace_store.lists.issue_rows import IssueRow
from web.issues.issue_changes import read_change
from web.issues.issue_parameters import cursor_text, read_cursor
from web.requests.errors import BadRequest

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def issue(age: timedelta = timedelta(), **fields: Any) -> IssueRow:
    values: dict[str, Any] = dict.fromkeys(("resolved_in_release", "resolved_at", "ignored_at", "assignee", "note"))
    values |= {"fingerprint": "f", "kind": "loop", "tool": "t", "title": "t", "first_release": "1", "said": "open"}
    values |= {"ignored_until_user_count": None, "events": 1, "last_seen_unix_nano": 1, "users": 1}
    values |= {"regressed_at_unix_nano": None, "users_since_ignored": 0}
    values |= {"first_seen_unix_nano": int((NOW - age).timestamp()) * 1_000_000_000}
    return IssueRow(**(values | fields))


ISSUES = st.builds(
    issue,
    st.timedeltas(timedelta(days=-1), timedelta(days=60)),
    said=st.sampled_from(["open", "ongoing", "resolved", "ignored"]),
    regressed_at_unix_nano=st.none() | st.integers(1, 2**62),
    ignored_until_user_count=st.none() | st.integers(1, 50),
    users_since_ignored=st.integers(0, 50),
)


@given(ISSUES)
def test_a_status_follows_from_the_last_word_alone(row: IssueRow) -> None:
    found = issue_status(row, NOW)
    possible = {"open": {"new", "ongoing"}, "ongoing": {"ongoing"}, "resolved": {"resolved", "regressed"}}
    assert found in possible.get(row.said, {"ignored", "ongoing"})
    assert found in STATUSES
    assert (found == "regressed") == (row.said == "resolved" and row.regressed_at_unix_nano is not None)


@given(ISSUES, st.timedeltas(timedelta(), timedelta(days=400)))
def test_an_issue_never_becomes_new_again(row: IssueRow, later: timedelta) -> None:
    before, after = issue_status(row, NOW), issue_status(row, NOW + later)
    assert (before, after) == (before, before) or (before, after) == ("new", "ongoing")


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (issue(NEW_FOR - timedelta(seconds=1)), "new"),
        (issue(NEW_FOR), "ongoing"),
        (issue(said="ongoing"), "ongoing"),
        (issue(said="resolved"), "resolved"),
        (issue(said="resolved", regressed_at_unix_nano=5), "regressed"),
        (issue(said="ignored"), "ignored"),
        (issue(said="ignored", ignored_until_user_count=3, users_since_ignored=2), "ignored"),
        (issue(said="ignored", ignored_until_user_count=3, users_since_ignored=3), "ongoing"),
    ],
)
def test_by_hand(row: IssueRow, status: str) -> None:
    assert issue_status(row, NOW) == status


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"status": "new"},
        {"status": 1},
        {"state": "resolved"},
        {"resolved_in_release": "1"},
        {"status": "resolved", "ignored_until_user_count": 3},
        {"ignored_until_user_count": 3},
        {"status": "ignored", "ignored_until_user_count": 0},
        {"status": "ignored", "ignored_until_user_count": True},
        {"status": "ignored", "ignored_until_user_count": "three"},
        {"note": "x" * 4001},
        {"assignee": 5},
    ],
)
def test_what_cannot_be_said(said: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        read_change(said)


def test_what_can_be_said() -> None:
    change = read_change({"status": "ignored", "ignored_until_user_count": "3", "assignee": None, "note": " a\0b "})
    assert (change.status, change.ignored_until_user_count, change.assignee, change.note) == ("ignored", 3, "", "ab")


@given(st.integers(0, 2**62), st.text(max_size=20))
def test_a_cursor_comes_back(value: int, fingerprint: str) -> None:
    assert read_cursor(cursor_text((value, fingerprint))) == (value, fingerprint)


@pytest.mark.parametrize("text", ["x", "W10", "WyIxIiwiYSJd", "bnVsbA", "é"])
def test_what_is_no_cursor(text: str) -> None:
    with pytest.raises(BadRequest):
        read_cursor(text)
