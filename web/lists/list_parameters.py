"""The parameters of trace lists: from the URL to a filter of the store and back. Pages and API share them."""

import base64
import binascii
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from starlette.datastructures import QueryParams

from trace_store.exceptions import RainbarrelError
from trace_store.lists.step_language import BadSteps, Step, read_steps
from trace_store.lists.trace_filter import Term, TraceCursor, TraceFilter
from trace_store.reader import LIST_MAX
from web.pages.facet_models import ListFilter
from web.query_bar.language import BadQuery, query_text, read_query
from web.query_bar.vocabulary import TRACES, Vocabulary
from web.requests.errors import BadRequest, check_known
from web.requests.page_urls import url_with

LIMIT = 50
RANGES_S = {"15m": 900, "1h": 3600, "24h": 86_400, "7d": 7 * 86_400, "30d": 30 * 86_400}
NANO_MAX = 2**63 - 1
YES = {"1", "true", "yes", "on"}
_CURSOR_BYTES = 24
_FAILING = {"failing", "error", "soft_error", "failed_span"}  # what `errors` says, or more
TERM_PARAMETERS = ("tool", "release", "environment")  # that pages link with; the query bar has them as fields


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list was asked for."""

    shown: ListFilter
    wanted: TraceFilter
    after: TraceCursor | None
    limit: int

    @property
    def asked(self) -> tuple[Term, ...]:
        """All terms, also those that other parameters say."""
        return url_terms(self.shown)

    def url(self, path: str, after: TraceCursor | None = None) -> str:
        """The URL of the same list, from `after` on."""
        return url_with(path, self.parameters() | {"after": "" if after is None else cursor_text(after)})

    def parameters(self) -> dict[str, str]:
        """The filter as URL parameters, without the cursor; "" for what is not set."""
        return parameters_of(self.shown) | {"limit": "" if self.limit == LIMIT else str(self.limit)}


def parameters_of(shown: ListFilter) -> dict[str, str]:
    """The filter as URL parameters, "" for what is not set."""
    return {name: "1" if value is True else value or "" for name, value in asdict(shown).items()}


def read_shown(parameters: QueryParams) -> ListFilter:
    """The parameters as they stand in the URL, right or wrong."""
    return ListFilter(
        q=parameters.get("q", "").strip(),
        range=parameters.get("range", ""),
        since=parameters.get("since", ""),
        until=parameters.get("until", ""),
        errors=parameters.get("errors", "").lower() in YES,
        loops=parameters.get("loops", "").lower() in YES,
        conversation=parameters.get("conversation", ""),
        issue=parameters.get("issue", ""),
        tool=parameters.get("tool", ""),
        release=parameters.get("release", ""),
        environment=parameters.get("environment", ""),
        steps=parameters.get("steps", "").strip(),
    )


def read_list_query(parameters: QueryParams, project_id: int) -> ListQuery:
    """Read the parameters of a project's list; BadRequest with a sentence for a value that it does not know."""
    shown = read_shown(parameters)
    terms = url_terms(shown)
    wanted = TraceFilter(
        project_id,
        since_unix_nano=since_of(shown),
        until_unix_nano=url_time("until", shown.until),
        errors_only=shown.errors or any(_is_of_status(term) and _FAILING.issuperset(term.values) for term in terms),
        loops_only=shown.loops or any(_is_of_status(term) and term.values == ("loop",) for term in terms),
        conversation_id=shown.conversation.replace("\0", "") or None,
        issue=shown.issue.replace("\0", "") or None,
        terms=tuple(term for term in terms if not _is_of_index(term)),
        steps=url_steps(shown.steps),
    )
    after = parameters.get("after", "")
    return ListQuery(shown, wanted, read_cursor(after) if after else None, read_limit(parameters.get("limit", "")))


def since_of(shown: ListFilter) -> int | None:
    """When the time of a list begins, in Unix nanoseconds; None for no such limit. Raises BadRequest."""
    of_range = range_begin(shown.range)
    since = url_time("since", shown.since)
    return of_range if since is None else since


def range_begin(text: str) -> int | None:
    """When a range that ends now begins, in Unix nanoseconds; None for "". Raises BadRequest."""
    if not text:
        return None
    check_known("range", text, RANGES_S)
    return time.time_ns() - RANGES_S[text] * 1_000_000_000


def url_terms(
    shown: ListFilter, words: Vocabulary = TRACES, names: Sequence[str] = TERM_PARAMETERS
) -> tuple[Term, ...]:
    """What `q` asks for, and parameters that mean a field; BadRequest says which character is wrong."""
    try:
        terms = read_query(shown.q.replace("\0", ""), words)
    except BadQuery as error:
        raise BadRequest(str(error)) from None
    given = {name: value.replace("\0", "") for name in names if (value := getattr(shown, name))}
    return (*terms, *(Term(name, (value,)) for name, value in given.items() if value))


def _is_of_status(term: Term) -> bool:
    return term.field == "status" and not term.is_excluded


def _is_of_index(term: Term) -> bool:
    """Whether `errors_only` or `loops_only` says the same."""
    return _is_of_status(term) and term.values in (("failing",), ("loop",))


def status_left_out(query: ListQuery) -> ListQuery:
    """The same list without its conditions on the status."""
    kept = tuple(term for term in read_query(query.shown.q.replace("\0", "")) if term.field != "status")
    shown = replace(query.shown, q=query_text(kept), errors=False, loops=False)
    terms = tuple(term for term in query.wanted.terms if term.field != "status")
    wanted = replace(query.wanted, terms=terms, errors_only=False, loops_only=False)
    return replace(query, shown=shown, wanted=wanted)


def cursor_text(cursor: TraceCursor) -> str:
    """A cursor as URL text."""
    return base64.urlsafe_b64encode(cursor.start_unix_nano.to_bytes(8) + cursor.trace_id).rstrip(b"=").decode()


def read_cursor(text: str) -> TraceCursor:
    """A cursor from URL text; BadRequest for anything else."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _CURSOR_BYTES or raw[0] > 0x7F:
        raise BadRequest(f"after={text} is no cursor; take it from the `next` of an earlier answer.")
    return TraceCursor(int.from_bytes(raw[:8]), raw[8:])


def read_limit(text: str) -> int:
    """How many rows a page has: 50 unless given, at most 500; BadRequest for anything else."""
    if not text:
        return LIMIT
    if not re.fullmatch(r"[0-9]{1,6}(\.0+)?", text) or not (limit := int(float(text))):
        raise BadRequest(f"limit={text} is no number from 1 to {LIST_MAX}.")
    return min(limit, LIST_MAX)


def url_steps(text: str) -> tuple[Step, ...]:
    """The line of the step language in `steps`; BadRequest says which step is wrong."""
    try:
        return read_steps(text.replace("\0", "")) if text else ()
    except BadSteps as error:
        raise BadRequest(str(error)) from None


def url_time(name: str, text: str) -> int | None:
    """The parameter `name` as Unix nanoseconds; None for ""; BadRequest for what is no time."""
    try:
        return read_time(f"{name}={text}", text)
    except BadTime as error:
        raise BadRequest(str(error)) from None


class BadTime(RainbarrelError):
    """A time cannot be read."""


def read_time(shown: str, text: str) -> int | None:
    """ISO 8601 (UTC where no zone is given) or Unix nanoseconds; None for an empty text. Raises BadTime."""
    if not text:
        return None
    if re.fullmatch(r"[0-9]{1,19}", text):
        return min(int(text), NANO_MAX)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadTime(f"{shown} is neither an ISO 8601 time nor Unix nanoseconds.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, min(round(moment.timestamp() * 1_000_000) * 1000, NANO_MAX))
