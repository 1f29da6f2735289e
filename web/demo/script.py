"""What a sample run consists of: a question, turns of the model, the tools it calls and what they answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Raises:
    """A tool that ends with an exception."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call; `embeds` puts the embedding of a text below it."""

    tool: str
    arguments: Mapping[str, Any]
    result: Any = None  # JSON value or Raises
    seconds: float = 0.4
    embeds: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of the model: tool calls, or the text that ends the run."""

    calls: Sequence[Call] = ()
    text: str = ""
    seconds: float = 1.1
    output_tokens: int = 60


@dataclass(frozen=True, slots=True)
class Run:
    """One trace: a user asks, the agent works."""

    title: str  # what to look at, for the list that `rainbarrel demo` prints
    user_id: str
    conversation: str  # runs with the same word share a conversation
    question: str
    turns: Sequence[Turn]
