"""What the reader of a trace page looks at, as it stands in the URL: view, selection, folds, window, filter. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from web.pages.trace_views import Measure, Only, TraceViewName
from web.requests.errors import read_id
from web.requests.page_urls import url_with

DEFAULT_VIEW: TraceViewName = "waterfall"
FIND_LENGTH_MAX = 200
UNFOLDED_MAX = 100  # folds that an address names
_DIGITS_MAX = 19


@dataclass(frozen=True, slots=True)
class TraceViewState:
    """The state of one page; `url` gives the address that shows it again."""

    view: TraceViewName = DEFAULT_VIEW
    selected: str = ""  # span id in hex
    offset: int = -1  # of the first row; -1: where the selected step stands
    measure: Measure = "duration"
    begin: int = 0  # of the waterfall's window: nanoseconds after the start, or output tokens
    end: int = 0  # 0: the window is the whole trace
    unfolded: frozenset[str] = field(default=frozenset())  # ids of folds
    only: Only = ""
    find: str = ""

    @property
    def has_window(self) -> bool:
        """Whether the waterfall shows a part of the trace."""
        return self.end > self.begin

    def url(self, path: str, **changes: Any) -> str:
        """The address of this state with `changes`; what has its usual value is left out."""
        state = replace(self, **changes)
        parameters = {
            "view": "" if state.view == DEFAULT_VIEW else state.view,
            "span": state.selected,
            "offset": str(state.offset) if state.offset >= 0 else "",
            "measure": "" if state.measure == "duration" else state.measure,
            "from": str(state.begin) if state.has_window else "",
            "to": str(state.end) if state.has_window else "",
            "unfold": ",".join(sorted(state.unfolded)),
            "only": state.only,
            "find": state.find,
        }
        return url_with(path, parameters, safe=",")


def read_view_state(parameters: Mapping[str, str]) -> TraceViewState:
    """The state that a URL's parameters name; what names nothing known has its usual value. BadRequest for a bad id."""
    selected, only = parameters.get("span", ""), parameters.get("only", "")
    folds = [text for text in parameters.get("unfold", "").split(",") if text][:UNFOLDED_MAX]
    return TraceViewState(
        view=_one_of(parameters.get("view", ""), TraceViewName, DEFAULT_VIEW),
        selected=read_id(selected, 8, "span").hex() if selected else "",
        offset=_number(parameters.get("offset", ""), -1),
        measure=_one_of(parameters.get("measure", ""), Measure, "duration"),
        begin=_number(parameters.get("from", ""), 0),
        end=_number(parameters.get("to", ""), 0),
        unfolded=frozenset(folds),
        only=_one_of(only, Only, ""),
        find=parameters.get("find", "").strip()[:FIND_LENGTH_MAX],
    )


def _one_of(text: str, names: Any, usual: Any) -> Any:
    return text if text in get_args(names) else usual


def _number(text: str, usual: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX else usual
