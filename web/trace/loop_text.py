"""What a loop is, in words: what repeats and what is equal about it. Pure."""

from trace_store.derived_rows import LoopRow

# Tool names come from senders: they are joined on, never formatted.
_WHY = {
    "repeated_failure": " failed {n} times on the same task: the arguments were the same each time.",
    "near_identical": " was called {n} times with the same outcome; the arguments differ in nothing that matters.",
    "identical_result": " was called {n} times with the same arguments and gave the same result each time.",
    "cycle": " were called in turn, {n} rounds with the same arguments and the same outcomes.",
}


def loop_text(loop: LoopRow) -> str:
    """The name of a loop: `search_flights ×5`."""
    return f"{' → '.join(loop.tools)} ×{loop.iterations}"


def loop_why(loop: LoopRow) -> str:
    """One sentence that says why this is a loop; see docs/loops.md."""
    tools = " and ".join(filter(None, (", ".join(loop.tools[:-1]), loop.tools[-1]))) if loop.tools else "A tool"
    sentence = _WHY.get(loop.kind, " repeated without progress, {n} times.")
    return tools + sentence.format(n=loop.iterations)
