"""Which project a request belongs to."""

from collections.abc import Callable, Mapping

from trace_store.model import DEFAULT_PROJECT_ID

ProjectOf = Callable[[Mapping[str, str]], int]


def resolve_project(headers: Mapping[str, str]) -> int:
    """The project id for the headers or gRPC metadata of a request, names in lower case: always the default one."""
    return DEFAULT_PROJECT_ID
