"""Reads a list of issues with their status, their numbers and their trends."""

from dataclasses import dataclass
from datetime import UTC, datetime

from tool_errors.issue_status import IssueStatus, issue_status
from trace_store.lists.issue_figures import IssueFigures
from trace_store.lists.issue_rows import IssueCounts, IssueDetail, IssueRow, Trend
from trace_store.lists.issues import count_issues, rank_issues, read_issue
from trace_store.reader import TraceReader
from web.issues.issue_parameters import IssueQuery


@dataclass(frozen=True, slots=True)
class ListedIssue:
    """One issue of a list."""

    row: IssueRow
    status: IssueStatus
    users: int
    trend: Trend
    counts: IssueCounts | None  # where they were asked for


@dataclass(frozen=True, slots=True)
class IssueList:
    """A page of issues, and how many there are with and without the filter of statuses."""

    issues: tuple[ListedIssue, ...]
    total: int  # that match
    looked_at: int  # issues, those with most or newest events
    is_cut: bool  # there are more, whose statuses were not looked at
    after: tuple[int, str] | None


async def read_issue_list(reader: TraceReader, query: IssueQuery, *, with_counts: bool = False) -> IssueList:
    """A page of the issues that were asked for; counting more than users reads every event of them."""
    now = datetime.fromtimestamp(query.now_unix_nano / 1_000_000_000, UTC)
    async with reader.at_one_moment() as connection:
        figures = IssueFigures(connection, query.wanted)
        rows, total = await rank_issues(figures, query.order)
        looked_at, is_cut = len(rows), total > len(rows)
        found = [(row, status) for row in rows for status in [issue_status(row, now)]]
        if query.status:
            found = [(row, status) for row, status in found if status == query.status]
            total = len(found)
        rest = [pair for pair in found if query.after is None or _place(pair[0], query) > _after(query.after)]
        shown = rest[: query.limit]
        names = [row.fingerprint for row, _ in shown]
        if query.order == "users":
            users = {row.fingerprint: row.users for row, _ in shown}
        else:
            users = {name: met for name, (_, _, met) in (await figures.met(names, with_users=True)).items()}
        counts = await count_issues(connection, query.wanted, names) if with_counts else {}
        until = query.wanted.until_unix_nano or query.now_unix_nano
        trends = await figures.trends(names, until)
    issues = [
        ListedIssue(row, status, users[row.fingerprint], trends[row.fingerprint], counts.get(row.fingerprint))
        for row, status in shown
    ]
    more = len(rest) > len(shown) and bool(shown)
    after = (_value(shown[-1][0], query), shown[-1][0].fingerprint) if more else None
    return IssueList(tuple(issues), total, looked_at, is_cut, after)


async def read_issue_detail(
    reader: TraceReader, query: IssueQuery, fingerprint: str
) -> tuple[IssueDetail, IssueStatus] | None:
    """One issue and its status; None when it was never seen."""
    until = query.wanted.until_unix_nano or query.now_unix_nano
    async with reader.freely_planned() as connection:
        detail = await read_issue(connection, query.wanted, fingerprint, until)
    if detail is None:
        return None
    return detail, issue_status(detail.row, datetime.fromtimestamp(query.now_unix_nano / 1_000_000_000, UTC))


def _value(row: IssueRow, query: IssueQuery) -> int:
    return {"events": row.events, "users": row.users, "last_seen": row.last_seen_unix_nano}[query.order]


def _place(row: IssueRow, query: IssueQuery) -> tuple[int, str]:
    return -_value(row, query), row.fingerprint


def _after(cursor: tuple[int, str]) -> tuple[int, str]:
    return -cursor[0], cursor[1]
