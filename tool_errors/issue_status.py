"""The status of an issue, from what a person said last and from what has been found since. Pure."""

from datetime import datetime, timedelta
from typing import Literal

from trace_store.lists.issue_rows import IssueRow

IssueStatus = Literal["new", "ongoing", "resolved", "regressed", "ignored"]
STATUSES: tuple[IssueStatus, ...] = ("new", "ongoing", "regressed", "ignored", "resolved")
NEW_FOR = timedelta(hours=24)  # as long as nobody said anything


def issue_status(row: IssueRow, now: datetime) -> IssueStatus:
    """`new` for a day after the first event, then `ongoing`, unless a person's word holds.

    A person's word holds until it is contradicted: `resolved` by a later event (of the release it was resolved in, or
    of one that came after it), `ignored` by as many users as it was to wait for.
    """
    if row.said == "resolved":
        return "resolved" if row.regressed_at_unix_nano is None else "regressed"
    if row.said == "ignored":
        enough = row.ignored_until_user_count
        return "ignored" if enough is None or row.users_since_ignored < enough else "ongoing"
    age_s = now.timestamp() - row.first_seen_unix_nano / 1_000_000_000
    return "new" if row.said == "open" and age_s < NEW_FOR.total_seconds() else "ongoing"
