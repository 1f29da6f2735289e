"""What people say of issues: from JSON or a form to a change, with a sentence for what cannot be."""

from collections.abc import Mapping
from typing import Any

from trace_store.lists.issue_rows import IssueChange
from web.requests.errors import BadRequest

STATUSES = ("ongoing", "resolved", "ignored")
FIELDS = ("status", "resolved_in_release", "ignored_until_user_count", "assignee", "note")
ASSIGNEE_CHARS_MAX, NOTE_CHARS_MAX, RELEASE_CHARS_MAX = 200, 4000, 255
USERS_MAX = 1_000_000


def read_change(said: Mapping[str, Any]) -> IssueChange:
    """The change that these fields ask for; BadRequest names what is wrong."""
    unknown = [name for name in said if name not in FIELDS]
    if unknown or not said:
        raise BadRequest(f"{', '.join(unknown) or 'Nothing'} cannot be changed; send some of {', '.join(FIELDS)}.")
    status = said.get("status")
    if status is not None and status not in STATUSES:
        raise BadRequest(f"status={status} is none of {', '.join(STATUSES)}; new and regressed come by themselves.")
    release = _text(said, "resolved_in_release", RELEASE_CHARS_MAX) or None
    if release is not None and status != "resolved":
        raise BadRequest("resolved_in_release goes with status resolved alone.")
    users = _users(said.get("ignored_until_user_count"))
    if users is not None and status != "ignored":
        raise BadRequest("ignored_until_user_count goes with status ignored alone.")
    assignee, note = _text(said, "assignee", ASSIGNEE_CHARS_MAX), _text(said, "note", NOTE_CHARS_MAX)
    return IssueChange(status, release, users, assignee, note)


def _text(said: Mapping[str, Any], name: str, chars_max: int) -> str | None:
    """None when it is not said; "" takes it away."""
    if name not in said:
        return None
    value = said[name]
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > chars_max:
        raise BadRequest(f"{name} is a text of at most {chars_max} characters.")
    return value.strip().replace("\0", "").replace("\r\n", "\n")


def _users(value: Any) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(USERS_MAX)):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= USERS_MAX:
        raise BadRequest(f"ignored_until_user_count={value} is no whole number from 1 to {USERS_MAX}.")
    return value
