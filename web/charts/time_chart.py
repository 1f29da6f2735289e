"""A chart over time: what `charts.js` draws of it, and the same as rows of a table. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import orjson

from trace_store.lists.issue_rows import Release
from web.filters import duration, usd

NANOSECONDS = 1_000_000_000
Unit = Literal["count", "share", "usd", "s"]
_WORDS: dict[Unit, Callable[[float], str]] = {
    "count": lambda value: f"{value:,.0f}",
    "share": lambda value: f"{value:.1%}",
    "usd": lambda value: usd(round(value * 1e9)),
    "s": lambda value: duration(round(value * 1e9)),
}


@dataclass(frozen=True, slots=True)
class Series:
    """Amounts that are drawn alike, one for each step. Several are stacked, the first on the ground."""

    name: str
    sort: str  # the mark: error, soft, loop, open (see charts.css), or quiet, which is no status
    values: tuple[float | None, ...]  # None: not known, drawn as nothing


@dataclass(frozen=True, slots=True)
class Line:
    """A line across the bars; None where a step has none."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A part of the time that is marked below the bars; it may begin and end at once."""

    begin_unix_nano: int
    end_unix_nano: int
    title: str


@dataclass(frozen=True, slots=True)
class ChartRow:
    """One step that has something."""

    step: int
    unix_nano: int  # when it begins
    amounts: tuple[str, ...]  # of all series and the line
    url: str  # "": it leads nowhere


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeChart:
    """Equal steps of time with bars; at least one step and one series."""

    since_unix_nano: int
    step_ns: int
    series: tuple[Series, ...]
    spoken: str  # all of it in a sentence
    line: Line | None = None
    unit: Unit = "count"
    releases: tuple[Release, ...] = ()  # where they began, the oldest first
    spans: tuple[TimeSpan, ...] = ()
    step_url: Callable[[int, int], str] | None = None  # of what lies between two moments
    range_url: str = ""  # where a part that is dragged over is shown, without its time; "": nowhere

    @property
    def steps(self) -> int:
        """How many there are."""
        return len(self.series[0].values)

    @property
    def data(self) -> str:
        """What `charts.js` draws, as JSON; times in seconds since 1970."""
        told = {
            "since": self.since_unix_nano / NANOSECONDS,
            "step": self.step_ns / NANOSECONDS,
            "unit": self.unit,
            "series": self.series,
            "line": self.line,
            "releases": [(release.first_seen_unix_nano / NANOSECONDS, release.name) for release in self.releases],
            "spans": [
                (span.begin_unix_nano / NANOSECONDS, span.end_unix_nano / NANOSECONDS, span.title)
                for span in self.spans
            ],
        }
        return orjson.dumps(told).decode()

    @property
    def heads(self) -> tuple[str, ...]:
        """What the amounts of a row are."""
        return (*(series.name for series in self.series), *(() if self.line is None else (self.line.name,)))

    @property
    def rows(self) -> tuple[ChartRow, ...]:
        """The steps that have something, the newest first."""
        return tuple(self._rows())

    @property
    def step_words(self) -> str:
        """How long a step is: "30 min", "hour"."""
        return step_words(self.step_ns // NANOSECONDS)

    def _rows(self) -> Iterator[ChartRow]:
        for step in reversed(range(self.steps)):
            values = [series.values[step] for series in self.series]
            if any(values):
                values += [] if self.line is None else [self.line.values[step]]
                begin = self.since_unix_nano + step * self.step_ns
                url = self.step_url(begin, begin + self.step_ns) if self.step_url else ""
                yield ChartRow(step, begin, tuple(map(self._words, values)), url)

    def _words(self, value: float | None) -> str:
        return "none" if value is None else _WORDS[self.unit](value)


def step_words(step_s: int) -> str:
    """1800 -> "30 min"."""
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "min"), (1, "s")):
        if step_s >= size:
            count = step_s // size
            return unit if count == 1 and size >= 3600 else f"{count} {unit}{'s' if size >= 3600 else ''}"
    return ""
