"""Named places of the data path at which a process ends or stops on purpose: for tests of crashes, docs/reliability.md.

    reach("mark")     # in the code: nothing, unless this place is armed
    arm_failpoints("mark=kill")  # once, at the start of a process, from the setting RAINBARREL_FAILPOINTS

`kill` is kill -9 of the own process. `stop` holds it there (SIGSTOP) until somebody sends SIGCONT: time to kill the
database or to cut its line at exactly this place. `@N` means the Nth time that the place is reached; each acts once.
"""

import os
import signal
from dataclasses import dataclass

PLACES = {
    "migrate": "a migration is carried out, its COMMIT is next",
    "receive": "1 receive: the whole request is here, nothing of it is decoded",
    "decode": "2 decode: it is decoded, nothing of it waits for the commit",
    "commit": "3 commit: its records are written, without their marks; the transaction is open",
    "mark": "4 mark dirty: marks and receipts are written too, COMMIT is next",
    "committed": "3 commit: COMMIT is done, no sender knows of it",
    "normalise": "5 normalise: the facts of new spans are written; the transaction is open",
    "derive": "6 derive: the derived rows are written, the marks are deleted, COMMIT is next",
    "derived": "6 derive: COMMIT is done",
    "alert": "7 alert: firings and messages are written, COMMIT is next",
    "deliver": "7 alert: the attempt is noted, nothing is sent",
    "delivered": "7 alert: the endpoint has answered, the outcome is not noted",
    "render": "8 render: what was asked is read, no answer is sent",
}
ACTIONS = ("kill", "stop")


@dataclass(slots=True)
class _Armed:
    signal_name: str
    times_left: int


_armed: dict[str, _Armed] = {}


def reach(place: str) -> None:
    """Says that the data path has come to one of `PLACES`."""
    if _armed:
        _act(place)


def arm_failpoints(text: str) -> None:
    """Arms `PLACE=ACTION[@N]`, several with commas between them; an empty text arms none. Raises ValueError."""
    _armed.clear()
    _armed.update(_parse(text))


def check_failpoints(text: str) -> str:
    """The text itself when `arm_failpoints` understands it; else raises ValueError."""
    _parse(text)
    return text


def _parse(text: str) -> dict[str, _Armed]:
    found = {}
    for part in filter(None, text.split(",")):
        place, _, rest = part.partition("=")
        action, _, times = rest.partition("@")
        if place not in PLACES or action not in ACTIONS or not (times or "1").isdecimal() or int(times or "1") < 1:
            raise ValueError(
                f"{part!r} is no failpoint: PLACE=kill or PLACE=stop, with @N for the Nth time; "
                f"places are {', '.join(PLACES)}"
            )
        found[place] = _Armed({"kill": "SIGKILL", "stop": "SIGSTOP"}[action], int(times or "1"))
    return found


def _act(place: str) -> None:
    armed = _armed.get(place)
    if armed is None:
        return
    armed.times_left -= 1
    if armed.times_left == 0:
        os.kill(os.getpid(), getattr(signal, armed.signal_name))
