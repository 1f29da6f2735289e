"""The state of a trace page and its address."""

import string
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.requests.errors import BadRequest
from web.trace.trace_view_state import TraceViewState, read_view_state

STATES = st.builds(
    TraceViewState,
    view=st.sampled_from(["transcript", "tree", "waterfall", "graph"]),
    selected=st.sampled_from(["", "00112233445566aa"]),
    offset=st.integers(-1, 10**6),
    measure=st.sampled_from(["duration", "tokens"]),
    unfolded=st.frozensets(st.text(string.hexdigits + ".", min_size=1, max_size=20), max_size=5),
    only=st.sampled_from(["", "errors", "tools"]),
    find=st.text(max_size=50).map(str.strip),
)


@given(STATES, st.tuples(st.integers(0, 10**18), st.integers(1, 10**18)) | st.none())
def test_an_address_shows_the_same_again(state: TraceViewState, window: tuple[int, int] | None) -> None:
    if window is not None:
        state = TraceViewState(
            **{name: getattr(state, name) for name in ("view", "selected", "unfolded", "find")},
            begin=window[0],
            end=window[0] + window[1],
        )
    query = state.url("/traces/01").partition("?")[2]
    assert read_view_state(dict(parse_qsl(query))) == state


def test_the_usual_state_is_the_bare_address() -> None:
    assert TraceViewState().url("/traces/01") == "/traces/01"


def test_what_names_nothing_known_is_passed_over() -> None:
    wanted = {"view": "x", "measure": "y", "only": "z", "offset": "-3", "from": "a", "to": "9" * 30, "unfold": ",,"}
    assert read_view_state(wanted) == TraceViewState()


def test_an_id_that_is_none_is_refused() -> None:
    with pytest.raises(BadRequest, match="zz is no span id"):
        read_view_state({"span": "zz"})
