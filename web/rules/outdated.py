"""The sentence about what is stored and was derived by other rules than those in force."""

from trace_store.upkeep.reprocess import OUTDATED_COUNTED_MAX, Outdated


def outdated_sentence(outdated: Outdated) -> str:
    """For the log of the processor, `doctor` and `reprocess`; `outdated` as `count_outdated` gives it, not nothing."""
    counted = [_counted(outdated.traces, "trace"), _counted(outdated.interactions, "interaction")]
    verb = "was" if sum(outdated) == 1 else "were"
    return (
        f"{' and '.join(filter(None, counted))} {verb} derived by other rules than those in force; "
        "`rainbarrel reprocess` brings them up to date."
    )


def _counted(count: int, thing: str) -> str:
    """Such as "3 stored traces"; nothing for 0."""
    many = f"more than {OUTDATED_COUNTED_MAX:,}" if count > OUTDATED_COUNTED_MAX else f"{count:,}"
    return f"{many} stored {thing}{'' if count == 1 else 's'}" if count else ""
