"""Failpoints: each place is in the code once or more, nothing happens unless one is armed, each acts at its time."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from trace_store.failpoints import PLACES, arm_failpoints, check_failpoints, reach
from web.settings import BadSetting, read_settings

ROOT = Path(__file__).resolve().parents[2]


def test_every_place_is_reached_somewhere_and_no_other() -> None:
    sources = [path for package in ("otlp_receiver", "trace_store", "tool_errors", "web") for path in _files(package)]
    reached = {place for path in sources for place in re.findall(r'\breach\("(\w+)"\)', path.read_text())}
    assert reached == PLACES.keys()


def _files(package: str) -> list[Path]:
    return [path for path in (ROOT / package).rglob("*.py") if path.name != "failpoints.py"]


@pytest.mark.parametrize(
    "text", ["mark", "mark=", "mark=explode", "nowhere=kill", "mark=kill@0", "mark=kill@x", "=kill"]
)
def test_what_is_no_failpoint_is_refused_with_the_places(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no failpoint: .*receive, decode, commit, mark"):
        arm_failpoints(text)
    with pytest.raises(BadSetting, match=r"^RAINBARREL_FAILPOINTS: .* is no failpoint"):
        read_settings({}, {"RAINBARREL_FAILPOINTS": text})


def test_nothing_happens_at_a_place_that_is_not_armed() -> None:
    assert check_failpoints("mark=kill@3,derive=stop") == "mark=kill@3,derive=stop"
    arm_failpoints("")
    reach("mark")


def test_a_process_is_killed_the_nth_time() -> None:
    script = (
        "from trace_store.failpoints import arm_failpoints, reach\n"
        "arm_failpoints('mark=kill@2,derive=kill@9')\n"
        "for number in range(3):\n    reach('derive')\n    print(number, flush=True)\n    reach('mark')\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout.split()) == (-9, ["0", "1"]), ended.stderr
