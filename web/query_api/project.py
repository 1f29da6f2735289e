"""The project that a request under /v1 asks about."""

from typing import Annotated

from fastapi import Depends, Request

from trace_store.model import DEFAULT_PROJECT_ID


def project_of(request: Request) -> int:
    """The project of the request."""
    return DEFAULT_PROJECT_ID


ProjectId = Annotated[int, Depends(project_of)]
