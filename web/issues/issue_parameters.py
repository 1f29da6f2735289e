"""The parameters of issue lists and pages, from the URL to a filter of the store and back. Pages and API share them."""

import base64
import binascii
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

import orjson
from starlette.datastructures import QueryParams

from tool_errors.issue_status import STATUSES
from trace_store.lists.issue_rows import IssueFilter
from web.lists.list_parameters import RANGES_S, read_limit, url_time
from web.requests.errors import BadRequest, check_known
from web.requests.page_urls import url_with

LIMIT = 50
KINDS = ("tool_error", "soft_error", "unanswered", "schema_violation", "loop")
ORDERS = ("last_seen", "events", "users")
Order = Literal["last_seen", "events", "users"]
TEXTS = ("q", "range", "since", "until", "kind", "tool", "status", "release", "environment", "user", "order")


@dataclass(frozen=True, slots=True)
class IssueQuery:
    """What a list of issues, or one of them, was asked for; `until` of `wanted` is None for now."""

    shown: dict[str, str]  # every parameter of TEXTS as it stands in the URL, "" when it is not set
    wanted: IssueFilter
    status: str  # "" for all
    order: Order
    now_unix_nano: int
    after: tuple[int, str] | None
    limit: int

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the order is set."""
        return any(value for name, value in self.shown.items() if name != "order")

    def url(self, path: str, after: tuple[int, str] | None = None, changed: Mapping[str, str] | None = None) -> str:
        """The URL of the same list with some parameters changed, from `after` on."""
        place = {
            "limit": "" if self.limit == LIMIT else str(self.limit),
            "after": "" if after is None else cursor_text(after),
        }
        return url_with(path, self.shown | dict(changed or {}) | place)


def read_issue_query(parameters: QueryParams, project_id: int) -> IssueQuery:
    """Read the parameters; BadRequest with a sentence for a value that they cannot have."""
    shown = {name: parameters.get(name, "").strip().replace("\0", "") for name in TEXTS}
    for name, known in (("range", tuple(RANGES_S)), ("kind", KINDS), ("status", STATUSES), ("order", ORDERS)):
        if shown[name]:
            check_known(name, shown[name], known)
    now = time.time_ns()
    since = url_time("since", shown["since"])
    if shown["range"] and since is None:
        since = now - RANGES_S[shown["range"]] * 1_000_000_000
    wanted = IssueFilter(
        project_id,
        since_unix_nano=since,
        until_unix_nano=url_time("until", shown["until"]),
        kind=shown["kind"] or None,
        tool=shown["tool"] or None,
        text=shown["q"],
        release=shown["release"] or None,
        environment=shown["environment"] or None,
        user_id=shown["user"] or None,
    )
    after = parameters.get("after", "")
    limit = read_limit(parameters.get("limit", ""))
    order = cast(Order, shown["order"] or "last_seen")
    return IssueQuery(shown, wanted, shown["status"], order, now, read_cursor(after) if after else None, limit)


def cursor_text(after: tuple[int, str]) -> str:
    """A cursor, which is the value that orders the list and a fingerprint, as URL text."""
    return base64.urlsafe_b64encode(orjson.dumps(after)).rstrip(b"=").decode()


def read_cursor(text: str) -> tuple[int, str]:
    """A cursor from URL text; BadRequest for anything else."""
    try:
        value, fingerprint = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, TypeError):
        value, fingerprint = None, None
    if not isinstance(value, int) or not isinstance(fingerprint, str):
        raise BadRequest(f"after={text} is no cursor; take it from the `next` of an earlier answer.")
    return value, fingerprint
