"""What each captured span of a real library means. After a change: python -m tests.regenerate_golden, read the diff."""

import json
from pathlib import Path

import pytest

from tests.dialect_captures import CAPTURES, FACTS, golden, scenarios
from trace_store.dialects import REGISTRY

HERE = Path(__file__).parent


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda path: str(path.relative_to(CAPTURES)))
def test_the_facts_of_a_capture(scenario: Path) -> None:
    expected = json.loads((scenario / FACTS).read_text())
    assert json.loads(json.dumps(golden(scenario))) == expected


def test_every_dialect_has_captures_or_spans_by_hand() -> None:
    """A dialect known from its documentation alone is tested on spans by hand."""
    captured = {path.name for path in CAPTURES.iterdir()}
    names = {dialect.name for dialect in REGISTRY}
    assert captured <= names
    assert {name for name in names - captured if not (HERE / f"test_dialect_{name}.py").exists()} == set()
