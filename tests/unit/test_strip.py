"""The strip of a run: marks in order, loops in rings, nothing cut without a number."""

from hypothesis import given
from hypothesis import strategies as st

from web.lists.list_view import spoken
from web.lists.strip import MARKS_MAX, StripPart, strip


def test_the_calls_of_a_loop_stand_in_a_ring_without_the_model_calls_between() -> None:
    shown = strip("LTLeLeLeLS")
    assert shown.parts == (
        StripPart(("is-llm", "is-tool", "is-llm")),
        StripPart(("is-error",) * 3, 3),
        StripPart(("is-llm", "is-soft")),
    )
    assert spoken("LTLeLeLeLS").endswith("3 of them in a loop")


def test_a_call_between_ends_the_ring() -> None:
    assert [part.loop_calls for part in strip("eeTee").parts] == [2, 0, 2]


@given(st.text("LXTESUPtesu", max_size=120), st.booleans())
def test_every_step_is_shown_or_counted(letters: str, is_cut: bool) -> None:
    shown = strip(letters + "+" * is_cut)
    in_rings = sum(part.loop_calls for part in shown.parts)
    looped = sum(letter.islower() for letter in letters[: len(letters) - shown.beyond])
    assert in_rings == looped
    plain = sum(len(part.marks) for part in shown.parts if not part.loop_calls)
    assert plain <= MARKS_MAX
    assert shown.is_cut == is_cut
    if not any(letter.islower() for letter in letters):
        assert plain + shown.beyond == len(letters)
