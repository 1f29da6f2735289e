"""What the filter of the list, its facets, its tab of differences and the peek hand to their templates."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListFilter:
    """The list's parameters as they stand in the URL; empty for what is not set."""

    q: str = ""
    range: str = ""
    since: str = ""
    until: str = ""
    errors: bool = False
    loops: bool = False
    conversation: str = ""
    issue: str = ""
    tool: str = ""
    release: str = ""
    environment: str = ""
    steps: str = ""

    @property
    def is_set(self) -> bool:
        """Whether anything is filtered."""
        return self != ListFilter()


@dataclass(frozen=True, slots=True)
class ListTab:
    """One of the lists, filtered as far as it can be like the list that is shown."""

    words: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class FacetLink:
    """One value of a facet."""

    value: str
    words: str
    count: int | None  # of lines that have it; None: asked for, and not among those that were counted
    failing: int
    is_asked: bool
    url: str  # of the list with this value added, or removed


@dataclass(frozen=True, slots=True)
class FacetView:
    """One facet: the first values, and the others behind a fold."""

    field: str
    title: str
    first: tuple[FacetLink, ...]
    others: tuple[FacetLink, ...]
    untold: int  # values that are not listed at all


@dataclass(frozen=True, slots=True)
class FacetColumn:
    """All facets, and over what they were counted."""

    facets: tuple[FacetView, ...]
    count: int
    is_cut: bool
    things: tuple[str, str] = ("trace", "traces")  # that are counted


@dataclass(frozen=True, slots=True)
class FilterChip:
    """One filter and the URL of the list without it."""

    words: str
    url: str
    unix_nano: int = 0  # a moment after the words


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """A value that failing traces have more often, or less often, than the rest; shares between 0 and 1."""

    field: str
    value: str
    failing: int
    rest: int
    share_failing: float
    share_rest: float
    difference: float
    low: float
    high: float
    url: str  # of the failing traces with this value


@dataclass(frozen=True, slots=True)
class DifferencesPage:
    """What is different about the failing traces of a filter."""

    filter: ListFilter
    of: str  # failing or loop
    list_url: str
    json_url: str
    tabs: tuple[ListTab, ...]
    failing_url: str = ""
    loop_url: str = ""
    chips: tuple[FilterChip, ...] = ()
    is_status_left_out: bool = False
    more: tuple[DifferenceLine, ...] = ()
    less: tuple[DifferenceLine, ...] = ()
    compared: int = 0  # values
    failing: int = 0  # traces
    rest: int = 0
    is_cut: bool = False
    fault: str = ""
