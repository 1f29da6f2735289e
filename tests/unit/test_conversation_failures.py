"""Failures in a chat: what repeats is told once with its count, and leads to the first."""

from web.conversations.conversation_view import folded
from web.pages.view_models import FailureView


def failure(name: str, number: int, message: str = "no such order", *, recovered: bool = False) -> FailureView:
    return FailureView(name, "error", "NotFound", message, recovered, f"/traces/01?span={number}")


def test_failures_alike_that_follow_one_another_are_one() -> None:
    told = [failure("find", 1), failure("find", 2), failure("pay", 3), failure("find", 4)]
    assert [(one.name, one.times, one.url[-1]) for one in folded(told)] == [
        ("find", 2, "1"),
        ("pay", 1, "3"),
        ("find", 1, "4"),
    ]


def test_another_message_or_outcome_stays_apart() -> None:
    told = [failure("find", 1), failure("find", 2, "gone"), failure("find", 3, "gone", recovered=True)]
    assert [one.times for one in folded(told)] == [1, 1, 1]
    assert folded([]) == []
