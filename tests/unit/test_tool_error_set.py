"""The labelled set of tool results: its size and sources, and how well the rules read it."""

import pytest

from tests.labelled_results import judged, labelled

ERRORS_MIN = LOOK_ALIKES_MIN = 60
REAL_SHARE_MIN = 0.5
PRECISION_MIN = RECALL_MIN = 0.98


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


@pytest.mark.parametrize("held_out", [False, True], ids=["seen", "held out"])
def test_precision_and_recall(held_out: bool) -> None:
    wrong: list[str] = []
    hits = misses = alarms = 0
    for entry in (*labelled("errors"), *labelled("look_alikes")):
        if entry.held_out != held_out:
            continue
        verdict = judged(entry)
        said = verdict.status != "ok"
        hits += said and entry.is_error
        misses += entry.is_error and not said
        alarms += said and not entry.is_error
        if said != entry.is_error:
            wrong.append(f"{entry.id}: {verdict.status} by {verdict.rule}, expected {entry.status}")
    precision, recall = hits / (hits + alarms), hits / (hits + misses)
    print(f"precision {precision:.3f}, recall {recall:.3f}", *wrong, sep="\n")
    assert precision >= PRECISION_MIN, wrong
    assert recall >= RECALL_MIN, wrong


def test_type_and_message_are_found_as_labelled() -> None:
    wrong: list[tuple[str, str, str | None]] = []
    for entry in labelled("errors"):
        verdict = judged(entry)
        if verdict.status == "ok":
            continue
        if entry.status != verdict.status or entry.type not in (None, verdict.error_type):
            wrong.append((entry.id, verdict.status, verdict.error_type))
        if entry.message not in (None, verdict.message):
            wrong.append((entry.id, verdict.message, entry.message))
    assert wrong == []
