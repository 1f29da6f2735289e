"""Frozen dataclasses that are made quickly are in all else what they were."""

import copy
import pickle
from dataclasses import MISSING, dataclass, field, fields, replace

import pytest

from tool_errors.findings import DerivedTrace, LlmCall, Verdict
from trace_store.derived_rows import TraceRow
from trace_store.quickly_made import quickly_made


@quickly_made
@dataclass(frozen=True, slots=True)
class Made:
    """A class with every sort of field."""

    first: int
    second: str = "b"
    many: list[int] = field(default_factory=list)
    ignored: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Plain:
    """The same as Python makes it."""

    first: int
    second: str = "b"
    many: list[int] = field(default_factory=list)
    ignored: float = field(default=0.0, compare=False)


def test_it_is_made_compared_and_shown_as_before() -> None:
    for values in ({"first": 1}, {"first": 1, "second": "c", "many": [2], "ignored": 3.0}):
        made, plain = Made(**values), Plain(**values)
        assert [getattr(made, each.name) for each in fields(made)] == [
            getattr(plain, each.name) for each in fields(plain)
        ]
        assert repr(made) == repr(plain).replace("Plain", "Made")
        assert made == Made(**values)
        assert replace(made, ignored=9.0) == made
        assert replace(made, first=7) != made
        assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made
    assert Made(1).many is not Made(1).many
    assert hash(Verdict("ok", "a", "b")) == hash(Verdict("ok", "a", "b"))


def test_it_takes_no_other_fields() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'first'"):
        Made()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'third'"):
        Made(1, third=3)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        Made(1).third = 3  # type: ignore[attr-defined]


@pytest.mark.parametrize("made", [LlmCall, DerivedTrace, TraceRow])
def test_classes_of_the_processor_keep_their_defaults(made: type) -> None:
    required = {each.name: object() for each in fields(made) if each.default is each.default_factory is MISSING}
    one = made(**required)
    for each in fields(made):
        if each.name in required:
            assert getattr(one, each.name) is required[each.name]
        else:
            expected = each.default if each.default_factory is MISSING else each.default_factory()
            assert getattr(one, each.name) == expected
