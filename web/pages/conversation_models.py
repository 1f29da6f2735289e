"""What the lanes of a conversation hand to their template: all places in percent of one axis."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LaneStep:
    """A run of an agent, a model call or a tool call."""

    kind: str  # agent, llm, tool; trace for one that is too long to be shown step by step
    status: str
    url: str
    words: str
    left_percent: float
    width_percent: float
    is_in_loop: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """What one agent did, over all traces."""

    name: str
    steps: tuple[LaneStep, ...]
    error_count: int
    soft_count: int


@dataclass(frozen=True, slots=True)
class LaneGap:
    """A time without any step, drawn shorter than it was."""

    left_percent: float
    width_percent: float
    length_ns: int


@dataclass(frozen=True, slots=True)
class LaneMark:
    """A signal where it was given, or the begin of a trace."""

    left_percent: float
    words: str
    tone: str  # good, bad, plain
    url: str


@dataclass(frozen=True, slots=True)
class ConversationLanes:
    """The axis with its lanes."""

    lanes: tuple[Lane, ...]
    gaps: tuple[LaneGap, ...]
    begins: tuple[LaneMark, ...]  # of the traces, their words the position
    signals: tuple[LaneMark, ...]
    length_ns: int  # of the whole time, gaps included
    shown: int
    step_count: int
