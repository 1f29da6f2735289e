"""Reads tests/fixtures/loops: labelled agent runs, and the traces that they would leave behind.

The format stands in tests/fixtures/loops/README.md.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

FIXTURES = Path(__file__).parent / "fixtures" / "loops"

_LOOP = re.compile(r"loop (?P<kind>\w+) of (?P<tools>.+) x(?P<rounds>\d+), (?P<ended>\w+)")
_CALL = re.compile(
    r"(?P<indent> *)(?P<star>\* )?(?P<side>& )?(?:(?P<times>\d+)x )?(?:@(?P<agent>\w+) )?(?P<tool>\w+) "
    r"(?P<arguments>.*?) (?P<mark>->|!!) (?P<result>.*?)(?: ; after (?P<after>\d+))?(?: ; takes (?P<takes>\d+))?"
)
_BLOCK = re.compile(r"(?P<times>\d+)x \[")


class BadCase(Exception):
    """A line of the set cannot be read."""


@dataclass(frozen=True)
class Label:
    """What a person says about the loop of a case."""

    kind: str
    tools: tuple[str, ...]
    iterations: int
    ended: str


@dataclass(frozen=True)
class Step:
    """One call as it was made; arguments and result are texts until the time of the call is known."""

    tool: str
    arguments: str
    result: str
    failed: bool
    in_loop: bool
    repetition: int  # from 1
    side_by_side: bool  # asked for in the same turn as the call before
    agent: str
    depth: int
    after_s: float
    takes_s: float
    trace: int  # from 0
    user: str  # what the user said last


@dataclass(frozen=True)
class Case:
    """One labelled run."""

    name: str
    label: Label | None  # None: productive
    why: str
    source: str = ""
    messages_only: bool = False
    trace_per_call: bool = False
    live: bool = False
    steps: tuple[Step, ...] = field(default=(), repr=False)

    @property
    def held_out(self) -> bool:
        """Whether thresholds must not be tuned on this case: a third of the set, by the digest of the name."""
        return hashlib.sha256(self.name.encode()).digest()[0] % 3 == 0


def labelled_cases() -> list[Case]:
    """The whole set, by file and place. Raises BadCase."""
    return [case for path in sorted(FIXTURES.glob("*.txt")) for case in _cases(path.read_text())]


def _cases(text: str) -> Iterator[Case]:
    for block in re.split(r"^= ", text, flags=re.MULTILINE)[1:]:
        name, *lines = block.rstrip().splitlines()
        yield _case(name.strip(), lines)


def _case(name: str, lines: list[str]) -> Case:
    case = Case(name, None, "")
    body = []
    productive = False
    for line in lines:
        if found := _LOOP.fullmatch(line):
            tools = tuple(found["tools"].split(", "))
            case = replace(case, label=Label(found["kind"], tools, int(found["rounds"]), found["ended"]))
        elif line == "productive":
            productive = True
        elif line.startswith("why: "):
            case = replace(case, why=line[5:])
        elif line.startswith("source: "):
            case = replace(case, source=line[8:])
        elif line.startswith("spans: messages"):
            case = replace(case, messages_only=True, trace_per_call=line.endswith("a trace per call"))
        elif line == "live":
            case = replace(case, live=True)
        elif line.strip():
            body.append(line)
    if productive == (case.label is not None) or not case.why:
        raise BadCase(f"{name}: needs either a loop or 'productive', and why")
    return replace(case, steps=tuple(_steps(name, body)))


def _steps(name: str, lines: list[str]) -> Iterator[Step]:
    trace, user, begun = 0, "please do it", False
    for line, repetition in _unrolled(lines):
        if line.startswith("user: "):
            user = line[6:]
        elif line.startswith("--- "):
            trace, user = trace + begun, line[4:]
        elif found := _CALL.fullmatch(line):
            begun = True
            times = int(found["times"] or 1)
            for number in range(times):
                yield Step(
                    tool=found["tool"],
                    arguments=found["arguments"],
                    result=found["result"],
                    failed=found["mark"] == "!!",
                    in_loop=bool(found["star"]),
                    repetition=number + 1 if found["times"] else repetition,
                    side_by_side=bool(found["side"]) and (number > 0 or times == 1),
                    agent=found["agent"] or "",
                    depth=len(found["indent"]) // 2,
                    after_s=float(found["after"] or 1),
                    takes_s=float(found["takes"] or 1),
                    trace=trace,
                    user=user,
                )
        else:
            raise BadCase(f"{name}: cannot read the line {line!r}")


def _unrolled(lines: list[str]) -> Iterator[tuple[str, int]]:
    """The lines with those of blocks repeated, each with the number of the repetition."""
    at = 0
    while at < len(lines):
        block = _BLOCK.fullmatch(lines[at])
        if block is None:
            yield lines[at], 1
            at += 1
            continue
        end = lines.index("]", at)
        for number in range(int(block["times"])):
            for line in lines[at + 1 : end]:
                yield line, number + 1
        at = end + 1


def value_of(text: str, repetition: int, now: str) -> Any:
    """A JSON value or a text with its placeholders filled in."""
    digest = hashlib.sha256(f"{now} {text}".encode()).hexdigest()
    uuid = f"{digest[:8]}-{digest[8:12]}-4{digest[12:15]}-a{digest[15:18]}-{digest[18:30]}"
    text = re.sub(r"%\[([^\]]*)\]", lambda m: (c := m[1].split("|"))[(repetition - 1) % len(c)], text)
    text = text.replace("%uuid", uuid).replace("%now", now).replace("%n", str(repetition))
    try:
        return orjson.loads(text)
    except ValueError:
        return text
