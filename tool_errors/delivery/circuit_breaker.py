"""The circuit breaker: a loop that still runs is told to whoever can stop it when it reaches the n-th repeat.

The message is written with the loop, in the claim that derived it: once per loop, channel and n.
"""

import time
from collections.abc import Iterable
from typing import Any

from trace_store.claim import Claim
from trace_store.derived_rows import LoopRow

RECENT_S = 600.0  # a loop whose last call is older is over, however late its spans arrive


async def tell_circuit_breakers(claim: Claim, loops: Iterable[LoopRow]) -> None:
    """Puts a message for each running loop and channel whose number of repeats it has reached."""
    since = time.time_ns() - round(RECENT_S * 1e9)
    running = [loop for loop in loops if loop.ended == "running" and loop.end_unix_nano >= since]
    if not running:
        return
    channels = await claim.breaker_channels({loop.project_id for loop in running})
    for loop in running:
        for project_id, channel_id, iterations in channels:
            if project_id == loop.project_id and loop.iterations >= iterations:
                key = f"circuit_breaker:{loop.loop_id}:{iterations}"
                await claim.put_delivery(project_id, channel_id, key, breaker_subject(loop))


def breaker_subject(loop: LoopRow) -> dict[str, Any]:
    """What the message tells of a loop."""
    tools = ", ".join(loop.tools)
    seconds = max(0, loop.end_unix_nano - loop.start_unix_nano) / 1e9
    spent = f", {loop.tokens:,} tokens" if loop.tokens else ""
    failed = f", {loop.failures} of its calls failed" if loop.failures else ""
    return {
        "kind": "circuit_breaker",
        "title": f"{tools} has run {loop.iterations} times without progress, and goes on",
        "what": f"An agent repeats itself and still runs: {loop.iterations} repeats in {seconds:.0f} s{spent}{failed}.",
        "tool": tools,
        "events": loop.iterations,
        "since_unix_nano": loop.start_unix_nano,
        "trace_ids": [loop.trace_id.hex()],
        "issue": loop.fingerprint,
        "look_at": "the loop in the trace; stop the run if it should not go on",
        "loop": {
            "id": loop.loop_id,
            "kind": loop.kind,
            "iterations": loop.iterations,
            "tools": loop.tools,
            "trace_id": loop.trace_id.hex(),
        },
    }
