"""A result that is only the news that something timed out; what tells of time-outs in another way is an answer."""

import pytest

from tool_errors.failure.error_openings import error_opening


@pytest.mark.parametrize(
    "text",
    [
        "payment gateway timed out",
        "The upstream service timed out.",
        "Fetching the page timed out after 30 seconds",
        "inventory-db lookup timed out after 2.5s.",
    ],
)
def test_an_error(text: str) -> None:
    found = error_opening(text)
    assert found is not None
    assert found.message


@pytest.mark.parametrize(
    "text",
    [
        "No request timed out",
        "None of the 40 checks timed out",
        "The job has not timed out.",
        "3 of 40 workers timed out",
        "Why requests timed out",
        "The report says that the payment gateway in the north of the country timed out",
        "payment gateway timed out, retried, and the card was charged",
        "The session timed out yesterday; sign in again to see the 3 orders.",
        "timed out",
    ],
)
def test_no_error(text: str) -> None:
    assert error_opening(text) is None
