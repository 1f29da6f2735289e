"""The project that a request under /v1 asks about: its key's, or the one that it names."""

from typing import Annotated

from fastapi import Depends, Request

from web.requests.access_gate import access_of


async def project_of(request: Request) -> int:
    """The project of the request."""
    return access_of(request).project_id


ProjectId = Annotated[int, Depends(project_of)]
