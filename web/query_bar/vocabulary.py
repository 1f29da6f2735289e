"""What the query bar of each list may ask for: of traces, of tool calls, of spans."""

from dataclasses import dataclass

from trace_store.lists import call_filter, span_filter, trace_filter


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The fields of a list."""

    value_fields: tuple[str, ...]
    numbers: tuple[str, ...]
    choices: dict[str, tuple[str, ...]]  # the values that a field can have, of those that have a fixed set

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields."""
        return (*self.value_fields, *self.numbers)


TRACES = Vocabulary(trace_filter.VALUE_FIELDS, tuple(trace_filter.NUMBERS), {"status": tuple(trace_filter.STATUSES)})
CALLS = Vocabulary(call_filter.VALUE_FIELDS, tuple(call_filter.NUMBERS), {"status": tuple(call_filter.STATUSES)})
SPANS = Vocabulary(
    span_filter.VALUE_FIELDS,
    tuple(span_filter.NUMBERS),
    {"status": tuple(span_filter.STATUSES), "kind": tuple(span_filter.KIND_NUMBERS)},
)
