"""The parameters of pages that look at a time: range, since, until, release, environment; from the URL and back."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from web.filters import utc
from web.lists.list_parameters import RANGES_S, url_time
from web.requests.errors import BadRequest, check_known
from web.requests.page_urls import url_with

NANOSECONDS = 1_000_000_000
AHEAD_NS = NANOSECONDS  # clocks of senders may be a little ahead of ours
TEXTS = ("range", "since", "until", "release", "environment")


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """What a page was asked for; `until` is exclusive, now where the URL does not say."""

    shown: dict[str, str]  # every parameter of TEXTS as the URL has it; the range stands in where it has no time at all
    since_unix_nano: int
    until_unix_nano: int

    @property
    def release(self) -> str | None:
        """The only release that is looked at."""
        return self.shown["release"] or None

    @property
    def environment(self) -> str | None:
        """The only environment that is looked at."""
        return self.shown["environment"] or None

    def url(self, path: str, changed: Mapping[str, str] | None = None) -> str:
        """The URL of a list or page with the same time and filters, some parameters changed."""
        return url_with(path, self.shown | dict(changed or {}))

    def part_url(self, path: str, since_unix_nano: int, until_unix_nano: int, changed: Mapping[str, str]) -> str:
        """The same for a part of the time."""
        part = {"range": "", "since": utc(since_unix_nano), "until": utc(until_unix_nano)}
        return self.url(path, part | dict(changed))


def read_time_window(parameters: QueryParams, default_range: str) -> TimeWindow:
    """Read the parameters; BadRequest with a sentence for a value that they cannot have."""
    shown = {name: parameters.get(name, "").strip().replace("\0", "") for name in TEXTS}
    if shown["range"]:
        check_known("range", shown["range"], RANGES_S)
    since, until = url_time("since", shown["since"]), url_time("until", shown["until"])
    if since is not None:
        shown["range"] = ""
    elif not shown["range"]:
        shown["range"] = default_range
    now = time.time_ns()
    end = until if until is not None else now + AHEAD_NS
    if since is None:
        begin = max(0, (until if until is not None else now) - RANGES_S[shown["range"]] * NANOSECONDS)
        if until is not None:  # a range that ends in the past is told by both its ends
            shown |= {"range": "", "since": utc(begin)}
    else:
        begin = since
    if begin >= end:
        raise BadRequest(f"since={shown['since']} is not before until={shown['until'] or 'now'}.")
    return TimeWindow(shown, begin, end)
