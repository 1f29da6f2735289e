"""How much of a model's context the results of a tool take, by its newest calls. Pure.

Rows keep the first 400 bytes of a result. A longer one counts with the bytes of the whole span that carries it,
arguments and names included: payloads are not opened for a list. So larger figures are told as an upper bound.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from trace_store.facts import PREVIEW_BYTES_MAX
from trace_store.lists.tool_calls_near import ReturnedResult
from trace_store.rollups.figures import percentiles

BYTES_A_TOKEN = 4  # a rule of thumb for English text and JSON
WHOLE_BYTES_MAX = PREVIEW_BYTES_MAX - 4  # a preview that is longer may be cut, at a character of up to 4 bytes


@dataclass(frozen=True, slots=True)
class ReturnedContext:
    """Bytes of results."""

    calls_looked_at: int
    results: int  # whose size is known
    counted_as_spans: int  # of these
    p50_bytes: int
    p95_bytes: int

    @property
    def p50_tokens(self) -> int:
        """As a rule of thumb."""
        return self.p50_bytes // BYTES_A_TOKEN

    @property
    def p95_tokens(self) -> int:
        """As a rule of thumb."""
        return self.p95_bytes // BYTES_A_TOKEN

    def is_bound(self, size: int) -> bool:
        """Whether a result is at most as large as this, as far as is known."""
        return size > WHOLE_BYTES_MAX


def is_long(result: ReturnedResult) -> bool:
    """Whether its row may not have all of it."""
    return result.preview is not None and len(result.preview.encode()) > WHOLE_BYTES_MAX


def returned_context(results: Iterable[ReturnedResult]) -> ReturnedContext | None:
    """Of the results that are known; None without any."""
    found = list(results)
    whole = [len(result.preview.encode()) for result in found if result.preview is not None and not is_long(result)]
    spans = [result.span_bytes for result in found if is_long(result) and result.span_bytes is not None]
    p50, p95 = percentiles([sorted(whole), sorted(spans)], (0.5, 0.95))
    if p50 is None or p95 is None:
        return None
    return ReturnedContext(len(found), len(whole) + len(spans), len(spans), p50, p95)
