"""A short run of every fuzzer; the long ones by command: `python -m tests.fuzzing.run`."""

import pytest

from tests.fuzzing.run import NAMES, fuzz

RUNS = 1500
SEED = 1  # a change is judged by what it changed; the long ones try something else each time


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_documented_errors(name: str) -> None:
    assert fuzz(name, seconds=30, runs=RUNS, seed=SEED) == 0
