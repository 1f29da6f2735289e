"""Processors give way to what receives, together as much as one alone."""

import subprocess
import sys

import pytest

from web.processes.priority import WEIGHT_OF_STEP

SAY_NICENESS = "import os; from web.processes.priority import give_way; give_way({}); print(os.nice(0))"


def niceness_of(processors: int) -> int:
    command = [sys.executable, "-c", SAY_NICENESS.format(processors)]
    return int(subprocess.check_output(command, start_new_session=True))


def test_two_processors_weigh_as_much_as_one() -> None:
    alone, one_of_two = niceness_of(1), niceness_of(2)
    assert alone < one_of_two < 19
    assert 2 / WEIGHT_OF_STEP ** (one_of_two - alone) == pytest.approx(1, abs=0.05)
