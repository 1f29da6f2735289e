"""Issues as JSON: times in Unix nanoseconds as text, ids in hex, money in US dollars."""

from typing import Any

from tool_errors.contract import violation_object
from tool_errors.issue_status import IssueStatus
from tool_errors.prices.cost import usd
from trace_store.lists.issue_rows import Example, IssueCounts, IssueDetail, IssueRow, Top, Trend
from web.issues.argument_shapes import shapes_json
from web.issues.issue_reading import IssueList
from web.issues.issue_view import example_violations, issue_shapes


def list_json(found: IssueList, next_cursor: str | None) -> dict[str, Any]:
    """A page of issues."""
    return {
        "issues": [_issue(item.row, item.status, item.counts or IssueCounts(), item.trend) for item in found.issues],
        "next": next_cursor,
        "shown": len(found.issues),
        "total": found.total,
    }


def issue_json(detail: IssueDetail, status: IssueStatus) -> dict[str, Any]:
    """One issue from near."""
    waste = detail.waste
    return _issue(detail.row, status, detail.counts, detail.trend) | {
        "releases": _top(detail.releases),
        "users_met": _top(detail.users),
        "environments": _top(detail.environments),
        "release_starts": [
            {"release": release.name, "first_seen_unix_nano": str(release.first_seen_unix_nano)}
            for release in detail.markers
        ],
        "examples": [_example(example) for example in detail.examples],
        "examples_total": detail.row.events,
        "argument_shapes": None if detail.row.kind == "loop" else shapes_json(issue_shapes(detail), detail.row.events),
        "waste": None
        if waste is None
        else {
            "loops": waste.loops,
            "calls": waste.calls,
            "seconds": round(waste.seconds, 3),
            "tokens": waste.tokens,
            "cost_usd": usd(waste.cost_nano_usd),
        },
    }


def _issue(row: IssueRow, status: IssueStatus, counts: IssueCounts, trend: Trend) -> dict[str, Any]:
    return {
        "fingerprint": row.fingerprint,
        "kind": row.kind,
        "tool": row.tool,
        "title": row.title,
        "status": status,
        "events": row.events,
        "users": counts.users,
        "interactions": counts.interactions,
        "conversations": counts.conversations,
        "traces": counts.traces,
        "recovered": counts.recovered,
        "first_seen_unix_nano": str(row.first_seen_unix_nano),
        "last_seen_unix_nano": str(row.last_seen_unix_nano) if row.last_seen_unix_nano else None,
        "first_release": row.first_release or None,
        "resolved_at": row.resolved_at and row.resolved_at.isoformat(),
        "resolved_in_release": row.resolved_in_release,
        "regressed_at_unix_nano": None if row.regressed_at_unix_nano is None else str(row.regressed_at_unix_nano),
        "ignored_at": row.ignored_at and row.ignored_at.isoformat(),
        "ignored_until_user_count": row.ignored_until_user_count,
        "users_since_ignored": row.users_since_ignored,
        "assignee": row.assignee,
        "note": row.note,
        "trend": {"since_unix_nano": str(trend.since_unix_nano), "step_s": trend.step_s, "counts": trend.counts},
    }


def _top(top: Top) -> dict[str, Any]:
    values = [
        {
            "value": item.value,
            "events": item.events,
            "users": item.users,
            "first_seen_unix_nano": str(item.first_seen_unix_nano),
            "last_seen_unix_nano": str(item.last_seen_unix_nano),
        }
        for item in top.values
    ]
    return {"values": values, "shown": len(values), "total": top.total}


def _example(example: Example) -> dict[str, Any]:
    finding = example.finding
    return {
        "trace_id": finding.trace_id.hex(),
        "span_id": None if finding.span_id is None else finding.span_id.hex(),
        "key": finding.finding_key,
        "start_unix_nano": str(finding.start_unix_nano),
        "end_unix_nano": str(finding.end_unix_nano),
        "title": finding.title,
        "question": example.question,
        "rule": example.rule,
        "path": example.path,
        "message": example.message,
        "arguments": example.arguments,
        "violation": [violation_object(each) for each in example_violations(example)] or None,
        "recovered": finding.is_recovered,
        "user_id": finding.user_id,
        "conversation_id": finding.conversation_id,
        "interaction_id": finding.interaction_id,
        "release": finding.release or None,
        "environment": finding.environment or None,
        "iterations": example.iterations,
    }
