"""Aligns the steps of two runs: the pairing of equal steps, in order, that agrees most (Needleman and Wunsch). Pure.

A tool pairs with the same tool and a model with the same model only. Between two pairings of as many steps the one wins
in which more calls have the same arguments, then the one in which more went the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

STEPS_MAX = 300  # of each run: the table has the product of both
_SAME_NAME, _SAME_ARGUMENTS, _SAME_STATUS = 1_000_000, 1_000, 1  # each weighs more than STEPS_MAX of the next


@dataclass(frozen=True, slots=True)
class Step:
    """A model call or a tool call of a run."""

    kind: str  # tool, model
    name: str
    status: str  # as tool calls have it; a model call has ok or error
    span_id: str  # "" when only messages tell of it
    start_unix_nano: int
    arguments: str = ""  # a preview
    arguments_digest: bytes | None = None
    result: str = ""  # a preview; the error of what failed
    duration_ns: int | None = None
    tokens: int | None = None
    cost_nano_usd: int | None = None


Pair = tuple[int | None, int | None]  # positions in both runs; None where one has no such step


def align(a: Sequence[Step], b: Sequence[Step]) -> list[Pair]:
    """Every step of both runs once, in the order of both; at most STEPS_MAX of each may be given."""
    if len(a) > STEPS_MAX or len(b) > STEPS_MAX:
        raise ValueError(f"at most {STEPS_MAX} steps of each run can be aligned")
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]  # of the rests that begin here
    for i in range(len(a) - 1, -1, -1):
        row, below = best[i], best[i + 1]
        for j in range(len(b) - 1, -1, -1):
            likeness = _likeness(a[i], b[j])
            paired = below[j + 1] + likeness if likeness else 0
            row[j] = max(below[j], row[j + 1], paired)
    pairs: list[Pair] = []
    i = j = 0
    while i < len(a) or j < len(b):
        if i < len(a) and j < len(b):
            likeness = _likeness(a[i], b[j])
            if likeness and best[i][j] == best[i + 1][j + 1] + likeness:
                pairs.append((i, j))
                i, j = i + 1, j + 1
                continue
        if j >= len(b) or (i < len(a) and best[i][j] == best[i + 1][j]):
            pairs.append((i, None))
            i += 1
        else:
            pairs.append((None, j))
            j += 1
    return pairs


def _likeness(a: Step, b: Step) -> int:
    """0 for steps that cannot be the same."""
    if a.kind != b.kind or a.name != b.name:
        return 0
    same_arguments = a.arguments_digest == b.arguments_digest
    return _SAME_NAME + (_SAME_ARGUMENTS if same_arguments else 0) + (_SAME_STATUS if a.status == b.status else 0)
