"""How often a process looks for garbage in cycles: seldom, since what spans pass through makes hardly any."""

import gc

THRESHOLD = 10_000  # objects; Python's own is 700


def collect_garbage_less_often() -> None:
    """To be called once a process has loaded what it needs, which is then never looked at again.

    Looking took a tenth of the time of deriving, and of receiving a twentieth, in pauses as long as the heap is large.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(THRESHOLD, 20, 20)
