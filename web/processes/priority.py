"""The priority of processors: on a busy machine receiving goes first. Derived rows may wait, senders may not."""

import math
import os
import time
from pathlib import Path

NICENESS = 5  # of a processor that is alone: a third of the weight of a front process
WEIGHT_OF_STEP = 1.25  # each step of niceness takes a process so much weight
AUTOGROUP = Path("/proc/self/autogroup")
ATTEMPTS, ATTEMPT_INTERVAL_S = 20, 0.1  # the kernel takes one such wish of all users together in a tenth of a second


def give_way(processors: int) -> None:
    """Lets this process, one of so many `processors`, give way to others; all of them weigh as much as one would.

    Where Linux schedules by session (autogroup, on most desktops and virtual machines) niceness counts only among the
    processes of one session, and each of ours has its own: there all of them together weigh as much as one session
    does, no less, since other programs on the machine would stop them altogether.
    """
    shared = round(math.log(processors, WEIGHT_OF_STEP))
    if hasattr(os, "nice"):
        os.nice(NICENESS + shared)
    for _ in range(ATTEMPTS if shared else 0):
        try:
            AUTOGROUP.write_text(str(shared))
        except BlockingIOError:
            time.sleep(ATTEMPT_INTERVAL_S)
        except OSError:  # not Linux, or a kernel without autogroups
            return
        else:
            return
