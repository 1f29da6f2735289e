"""Lines of the step language: what they mean, and what is said of those that mean nothing."""

import pytest

from trace_store.lists.step_language import BadSteps, Step, read_steps

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("search_docs", [Step("search_docs")]),
        ("any failed", [Step("", "failed")]),
        ("s failed then s again then gave up", [Step("s", "failed"), Step("s"), Step("s", "ok", is_absent=True)]),
        ("glob failed then bash", [Step("glob", "failed"), Step("bash")]),
        ("Edit FAILED 5 times THEN recovered", [Step("Edit", "failed", times=5), Step("Edit", "ok")]),
        ("pay ok exactly 2 times", [Step("pay", "ok", times=2, is_exact=True)]),
        ("a then b within 30s", [Step("a"), Step("b", within_ns=30 * SECOND)]),
        ("a then b ok 2 times within 1.5m", [Step("a"), Step("b", "ok", times=2, within_ns=90 * SECOND)]),
        ("a then gave up within 2h", [Step("a"), Step("a", "ok", is_absent=True, within_ns=7200 * SECOND)]),
        ("never pay", [Step("pay", is_absent=True)]),
        ('"then" failed then "say \\"hi\\""', [Step("then", "failed"), Step('say "hi"')]),
        ('"any"', [Step("any")]),
        ("mcp__files.read-file unanswered", [Step("mcp__files.read-file", "unanswered")]),
    ],
)  # fmt: skip
def test_a_line(line: str, expected: list[Step]) -> None:
    assert list(read_steps(line)) == expected


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "No step is given"),
        ("then a", "Step 1: the name of a tool is missing"),
        ("a then", "Step 2: the name of a tool is missing"),
        ("failed", 'Step 1: "failed" stands where a tool is named'),
        ("a failed badly", 'Step 1: "badly" does not fit here'),
        ("a 3", 'Step 1: after 3 comes "times"'),
        ("a 0 times", "0 times is not possible"),
        ("a 99999999999999999999 times", "times is not possible"),
        ("a exactly", 'after "exactly" comes a number'),
        ("a within 3s", '"within" counts from the step before'),
        ("a then b within soon", 'after "within" comes a time'),
        ("gave up", "follow a step"),
        ("a then gave in", 'after "gave" comes "up"'),
        ("never a 2 times", '"never" takes no count'),
        (" then ".join(["a"] * 13), "There are 13 steps; at most 12"),
        ("a" * 2001, "at most 2,000"),
    ],
)
def test_a_line_that_means_nothing(line: str, said: str) -> None:
    with pytest.raises(BadSteps, match=said.replace("(", r"\(")):
        read_steps(line)
