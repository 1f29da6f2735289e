"""What the views of a trace hand to their templates: folds, minimap, the graph of calls, the transcript of the run."""

from dataclasses import dataclass
from typing import Literal

TraceViewName = Literal["transcript", "tree", "waterfall", "graph"]
Measure = Literal["duration", "tokens"]  # what the length of a bar means
Only = Literal["", "errors", "tools"]


@dataclass(frozen=True, slots=True)
class BarSegment:
    """A repeat in the bar of its folded row, in percent of the axis."""

    left_percent: float
    width_percent: float
    status: str


@dataclass(frozen=True, slots=True)
class FoldView:
    """The row that stands for repeats: `page_down ×10, same error`."""

    fold_id: str
    note: str  # "same error", "different arguments"
    why: str  # of a loop
    is_loop: bool
    is_folded: bool
    repeat_count: int
    between_count: int  # steps between and below the repeats
    toggle_url: str  # folds or unfolds it
    segments: tuple[BarSegment, ...] = ()


@dataclass(frozen=True, slots=True)
class MinimapLane:
    """The steps of one kind, as the data of an SVG path over the whole trace."""

    kind: str  # agent, llm, tool, other, error, soft_error
    path: str


@dataclass(frozen=True, slots=True)
class MinimapLoop:
    """A loop on the minimap, in percent of its width."""

    left_percent: float
    width_percent: float
    text: str  # "×5"


@dataclass(frozen=True, slots=True)
class Minimap:
    """The whole trace as a strip, and which part of it the waterfall shows."""

    lanes: tuple[MinimapLane, ...]
    loops: tuple[MinimapLoop, ...]
    width: int
    height: int
    length: int  # nanoseconds or tokens
    begin: int
    end: int
    left_percent: float  # of the window
    right_percent: float
    needle_percent: float | None  # of the selected step
    spoken: str
    zoom_url: str
    earlier_url: str  # "" at the start
    later_url: str
    whole_url: str  # "" when the window is the whole trace


@dataclass(frozen=True, slots=True)
class GraphNode:
    """An agent, a tool, or what called without an agent; place in pixels of the drawing."""

    kind: str  # agent, tool, or the type of the step above which there is no agent
    name: str
    label: str  # the name, cut to the width of the box
    url: str  # its first call in the tree; "" when no span tells of it
    calls: int  # runs of an agent
    failed: int
    soft_failed: int
    model_calls: int  # by the agent itself
    loop: str  # "×5"; "" outside loops
    is_selected: bool
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """Who called whom, and the line that says so."""

    source: str
    target: str
    url: str  # the first of these calls
    calls: int
    failed: int
    soft_failed: int
    is_cycle: bool  # leads back to where it can come from
    line: "GraphLine"
    width: float  # of the line, in pixels
    failed_percent: float  # of the line
    soft_percent: float


@dataclass(frozen=True, slots=True)
class GraphLine:
    """A line of the drawing."""

    path: str  # data of an SVG path
    head: str  # points of its arrow head
    label_x: int
    label_y: int


@dataclass(frozen=True, slots=True)
class GraphLoop:
    """Tools that were called in turn without progress."""

    tools: tuple[str, ...]
    text: str  # "×5", "2 loops, ×8"
    lines: tuple[GraphLine, ...]  # the label stands at the first


@dataclass(frozen=True, slots=True)
class GraphPage:
    """The graph of a trace, laid out."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    loops: tuple[GraphLoop, ...]
    node_count: int  # of the whole graph
    width: int
    height: int
    node_width: int
    node_height: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that was asked, said or called."""

    kind: str  # user, assistant, tool, agent
    row_index: int  # in the tree
    above: int  # position of the turn that it belongs to; -1 for none
    span_id: str  # "" for a tool call that has no span
    url: str
    name: str  # of the tool or agent; the model
    text: str = ""  # a preview
    arguments: str = ""
    status: str = ""
    why: str = ""  # it failed
    error: str = ""
    recovered: bool = False
    loop_id: str = ""
    loop_place: str = ""
    asks: tuple[str, ...] = ()  # tools that the model asked for
    reasoning_tokens: int = 0
    is_hit: bool = False  # of the search
    inside: "TurnGroup | None" = None  # what an agent did, or a tool called


@dataclass(frozen=True, slots=True)
class TurnGroup:
    """Turns that fold together."""

    title: str
    loop_id: str  # "" for what belongs to an agent or a tool
    why: str
    count: int
    turns: "tuple[Turn | TurnGroup, ...]"
    fold_id: str = ""  # of repeats
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class TranscriptPage:
    """A part of the run as a conversation."""

    blocks: tuple[Turn | TurnGroup, ...]
    offset: int
    shown: int
    turn_count: int  # of the whole run
    selected: str  # span id, or ""
    before_url: str | None
    after_url: str | None
    address: str  # the URL that shows this again
    hit_count: int = 0  # of the search, in the whole transcript
