"""The sentence about stored traces that other rules derived than those in force."""

from trace_store.reprocess import OUTDATED_COUNTED_MAX


def outdated_sentence(count: int) -> str:
    """For the log of the processor, `doctor` and `reprocess`; `count` as `count_outdated` gives it."""
    many = f"more than {OUTDATED_COUNTED_MAX:,}" if count > OUTDATED_COUNTED_MAX else f"{count:,}"
    traces = "1 stored trace was" if count == 1 else f"{many} stored traces were"
    return f"{traces} derived by other rules than those in force; `rainbarrel reprocess` brings them up to date."
