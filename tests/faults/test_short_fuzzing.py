"""A short run of every fuzzer; the long ones by command: `python -m tests.fuzzing.run`."""

import pytest

from tests.fuzzing.run import NAMES, fuzz

RUNS = 1500


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_documented_errors(name: str) -> None:
    assert fuzz(name, seconds=30, runs=RUNS) == 0
