"""Aligning two runs: every step once and in order, like with like; what differs in arguments and texts; shares."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.compare.align import STEPS_MAX, Step, align
from web.compare.differences import Change, argument_changes, word_changes
from web.compare.proportions import differ, share_of


def step(name: str, arguments: str = "", status: str = "ok", kind: str = "tool") -> Step:
    return Step(kind, name, status, "", 0, arguments, arguments.encode())


runs = st.lists(
    st.builds(step, st.sampled_from("abc"), st.sampled_from(["", "1", "2"]), st.sampled_from(["ok", "error"])),
    max_size=8,
)


@given(runs, runs)
def test_every_step_once_in_order_and_like_with_like(a: list[Step], b: list[Step]) -> None:
    pairs = align(a, b)
    assert [i for i, _ in pairs if i is not None] == list(range(len(a)))
    assert [j for _, j in pairs if j is not None] == list(range(len(b)))
    assert all(a[i].name == b[j].name for i, j in pairs if i is not None and j is not None)


@given(runs, runs)
def test_no_pairing_has_more_steps(a: list[Step], b: list[Step]) -> None:
    names = [[each.name for each in run] for run in (a, b)]
    longest = max(
        size
        for size in range(min(len(a), len(b)) + 1)
        if set(itertools.combinations(names[0], size)) & set(itertools.combinations(names[1], size))
    )
    assert sum(i is not None and j is not None for i, j in align(a, b)) == longest


def test_same_arguments_pair_rather_than_the_first_of_the_name() -> None:
    a = [step("read", "x"), step("read", "y"), step("mail")]
    b = [step("read", "y"), step("mail"), step("read", "z")]
    assert align(a, b) == [(0, None), (1, 0), (2, 1), (None, 2)]
    assert align([step("m", kind="model")], [step("m")]) == [(0, None), (None, 0)]


def test_long_runs_are_refused_and_the_longest_are_aligned() -> None:
    rng = random.Random(7)
    longest = [step(rng.choice("abcdef"), rng.choice("12")) for _ in range(STEPS_MAX)]
    assert align(longest, longest) == [(index, index) for index in range(STEPS_MAX)]
    with pytest.raises(ValueError, match="at most 300"):
        align([*longest, step("one more")], longest)


def test_which_arguments_differ() -> None:
    a, b = '{"q": "tea", "page": {"size": 5, "at": 1}}', '{"q": "tea", "page": {"size": 9}, "lang": null}'
    assert argument_changes(a, b) == (
        Change("page.size", "5", "9"),
        Change("page.at", "1", None),
        Change("lang", None, "null"),
    )
    assert argument_changes('{"q": "cut off', "[]") == (Change("", '{"q": "cut off', "[]"),)
    assert argument_changes(a, a) == ()
    assert len(argument_changes(str({}), "{" + ",".join(f'"k{n}": 1' for n in range(90)) + "}")) == 20


@given(st.text(), st.text())
def test_words_of_both_texts_are_told(a: str, b: str) -> None:
    changes = word_changes(a, b)
    assert " ".join(text for what, text in changes if what != "added") == " ".join(a.split()[:400])
    assert " ".join(text for what, text in changes if what != "removed") == " ".join(b.split()[:400])


def test_shares_have_wilsons_interval() -> None:
    share = share_of(8, 10)  # Wilson's interval of 8 of 10, as in tables
    assert (round(share.low or 0, 4), round(share.high or 0, 4)) == (0.4902, 0.9433)
    assert share_of(0, 20).low == 0.0
    assert round(share_of(0, 20).high or 0, 4) == 0.1611
    assert share_of(0, 0).share is None
    with pytest.raises(ValueError, match="no part"):
        share_of(3, 2)


def test_whether_shares_differ_beyond_chance() -> None:
    assert differ(share_of(5, 100), share_of(30, 100))
    assert not differ(share_of(5, 10), share_of(7, 10))
    assert not differ(share_of(0, 0), share_of(7, 10))
    # Newcombe 1998, table II: 56/70 and 48/80 differ by 0.0524 to 0.3339
    assert differ(share_of(48, 80), share_of(56, 70))


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_share_lies_in_its_interval(part: int, whole: int) -> None:
    share = share_of(min(part, whole), whole)
    assert share.low is not None
    assert share.high is not None
    assert share.share is not None
    assert 0 <= share.low <= share.share <= share.high <= 1
