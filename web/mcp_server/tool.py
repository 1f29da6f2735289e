"""What a tool is: its name, what an agent is told of it, its parameters, and what reads the answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from web.context import WebContext
from web.mcp_server.own_api import OwnApi
from web.requests.errors import BadRequest, check_known

BUDGET, BUDGET_MIN, BUDGET_MAX = 4_000, 300, 100_000  # tokens of an answer
Schema = dict[str, Any]
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of a tool: parameters that were not given are not there."""

    api: OwnApi
    context: WebContext
    request: Request
    given: Mapping[str, Any]
    budget: int

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text."""
        return str(self.given.get(name, default))


@dataclass(frozen=True, slots=True)
class McpTool:
    """A read-only tool; `answer` gives text within the budget or raises BadRequest."""

    name: str
    title: str
    description: str
    parameters: Mapping[str, Schema]
    answer: Callable[[Asked], Awaitable[str]]
    required: tuple[str, ...] = ()

    @property
    def schema(self) -> Schema:
        """The parameters as JSON Schema."""
        return {
            "type": "object",
            "properties": {**self.parameters, "token_budget": TOKEN_BUDGET},
            "required": list(self.required),
            "additionalProperties": False,
        }

    def read(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call, checked; BadRequest names the one that is wrong."""
        known = self.schema["properties"]
        for name in arguments:
            if name not in known:
                raise BadRequest(f"{self.name} has no parameter {name}; it has {', '.join(known)}.")
        given = {
            name: _read(name, value, known[name])
            for name, value in arguments.items()
            if value is not None and value != ""
        }
        for name in self.required:
            if name not in given:
                raise BadRequest(f"{self.name} needs {name}: {known[name]['description']}")
        return given


def text(description: str) -> Schema:
    """A parameter that is text."""
    return {"type": "string", "description": description}


def whole(description: str, least: int, most: int) -> Schema:
    """A parameter that is a whole number."""
    return {"type": "integer", "description": description, "minimum": least, "maximum": most}


def flag(description: str) -> Schema:
    """A parameter that is true or false."""
    return {"type": "boolean", "description": description}


def choice(description: str, *values: str) -> Schema:
    """A parameter that is one of some words."""
    return {"type": "string", "description": description, "enum": list(values)}


TOKEN_BUDGET = whole(
    f"How many tokens the answer may take, {BUDGET} unless given; it is never longer.", BUDGET_MIN, BUDGET_MAX
)


def _read(name: str, value: Any, schema: Schema) -> Any:
    kind = schema["type"]
    said = str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, dict | list):
        raise BadRequest(f"{name} is one value, no list or object.")
    if kind == "boolean":
        if said.lower() not in _TRUE + _FALSE:
            raise BadRequest(f"{name}={said} is neither true nor false.")
        return said.lower() in _TRUE
    if kind == "integer":
        least, most = schema["minimum"], schema["maximum"]
        number = int(said) if said.isascii() and said.isdigit() and len(said) < 12 else None
        if number is None or not least <= number <= most:
            raise BadRequest(f"{name}={said} is no whole number from {least} to {most}.")
        return number
    if "enum" in schema:
        check_known(name, said, schema["enum"])
    return said
