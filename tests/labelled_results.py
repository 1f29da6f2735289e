"""The labelled set of tool results in tests/fixtures/tool_errors: see the README there."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.spans_by_hand import span
from tool_errors.failure.status import judge_result
from tool_errors.findings import Verdict
from tool_errors.judged import judge_facts
from trace_store.attributes import payload
from trace_store.dialects import normalise
from trace_store.model import SpanEvent, SpanVersion

FOLDER = Path(__file__).parent / "fixtures" / "tool_errors"


@dataclass(frozen=True)
class Labelled:
    id: str
    tool: str
    payload: Any
    span: dict[str, Any] | None
    status: str
    type: str | None
    message: str | None
    source: str

    @property
    def is_error(self) -> bool:
        return self.status != "ok"

    @property
    def held_out(self) -> bool:
        """Half of the set, by id: not looked at while rules are made."""
        return hashlib.sha256(self.id.encode()).digest()[0] % 2 == 1


@cache
def labelled(folder: str) -> tuple[Labelled, ...]:
    """All entries below `errors` or `look_alikes`."""
    entries = []
    for path in sorted((FOLDER / folder).glob("*.json")):
        for entry in json.loads(path.read_text()):
            expect = entry.pop("expect")
            label = (expect["status"], expect.get("type"), expect.get("message"))
            entries.append(
                Labelled(entry["id"], entry["tool"], entry["payload"], entry.get("span"), *label, entry["source"])
            )
    return tuple(entries)


def judged(entry: Labelled) -> Verdict:
    """The verdict of our rules, by the same functions that judge what was stored."""
    if entry.span is None:
        result = None if entry.payload is None else payload(entry.payload)
        return judge_result(result, "result") or Verdict("ok", "span_ended", "status")
    attributes = dict(entry.span["attributes"])
    if entry.payload is not None:
        attributes["gen_ai.tool.call.result"] = json.dumps(entry.payload)
    events = tuple(SpanEvent(1, name, held) for name, held in entry.span["events"])
    made = span(
        attributes,
        name=f"execute_tool {entry.tool}",
        status_code=entry.span["status_code"],
        status_message=entry.span["status_message"],
        events=events,
    )
    facts = normalise(made, ())
    assert facts is not None
    verdict = judge_facts(facts, SpanVersion(2, 1, b"")).verdict
    assert verdict is not None
    return verdict
