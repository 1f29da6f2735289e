"""The labelled set of tool results: its size and sources."""

from tests.labelled_results import labelled

ERRORS_MIN = LOOK_ALIKES_MIN = 60
REAL_SHARE_MIN = 0.5


def test_the_set_is_large_and_its_labels_are_distinct() -> None:
    errors, look_alikes = labelled("errors"), labelled("look_alikes")
    assert len(errors) >= ERRORS_MIN
    assert len(look_alikes) >= LOOK_ALIKES_MIN
    assert all(entry.is_error for entry in errors)
    assert not any(entry.is_error for entry in look_alikes)
    ids = [entry.id for entry in (*errors, *look_alikes)]
    assert len(set(ids)) == len(ids)


def test_most_errors_come_from_real_programs_and_public_threads() -> None:
    errors = labelled("errors")
    real = [entry for entry in errors if entry.source.startswith(("printed by ", "https://github.com/"))]
    assert len(real) >= REAL_SHARE_MIN * len(errors)


def test_look_alikes_are_mutated_from_errors() -> None:
    ids = {entry.id for entry in labelled("errors")}
    for entry in labelled("look_alikes"):
        if entry.source.startswith("mutated from "):
            assert entry.source.removeprefix("mutated from ") in ids
        else:
            assert entry.source.startswith(("printed by ", "https://"))
