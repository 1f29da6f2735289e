"""What the other views of a trace hand to their templates: the graph of calls and the transcript of the run."""

from dataclasses import dataclass
from typing import Literal

TraceViewName = Literal["tree", "transcript", "graph"]


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
    inside: "TurnGroup | None" = None  # what an agent did, or a tool called


@dataclass(frozen=True, slots=True)
class TurnGroup:
    """Turns that fold together."""

    title: str
    loop_id: str  # "" for what belongs to an agent or a tool
    why: str
    count: int
    turns: "tuple[Turn | TurnGroup, ...]"


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
