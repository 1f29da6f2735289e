"""Renders templates: autoescaped, with the filters of `filters.py` and static URLs that change with their file."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, StreamingResponse

from tool_errors.findings import FAILED
from web.filters import FILTERS
from web.requests.project_urls import URL_PREFIX, with_prefix
from web.requests.request_origin import demo_command, server_origin
from web.stylesheet import STATIC, stylesheet_url
from web.trace.trace_url import trace_url


@cache
def static(path: str) -> str:
    """The URL of a static file; a changed file gets a new URL, so that browsers may keep it for good."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]
    return f"/static/{path}?v={digest}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.tests["failed"] = FAILED.__contains__
    environment.globals["static"] = static
    environment.globals["trace_url"] = trace_url
    environment.globals["stylesheet_url"] = stylesheet_url
    environment.globals["url_prefix"] = URL_PREFIX.get
    environment.globals["demo_command"] = demo_command
    environment.globals["server_origin"] = server_origin
    return environment


ENVIRONMENT = _environment()
LATER = "<!-- later -->"  # autoescape writes the texts of others in another way


def render(template: str, **context: Any) -> str:
    """A rendered template with the links of the request's project."""
    return with_prefix(ENVIRONMENT.get_template(template).render(context))


def page_in_parts(template: str, later: Callable[[], Awaitable[str]], **context: Any) -> StreamingResponse:
    """As `page`; what stands before LATER in the template is sent at once, and the rest once that is there."""
    before, _, after = render(template, **context).partition(LATER)

    async def parts() -> AsyncIterator[str]:
        yield before
        yield await later()
        yield after

    return StreamingResponse(parts(), media_type="text/html", headers={"cache-control": "no-store"})


def page(template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """The same as an answer; pages are never cached, since their data moves."""
    return HTMLResponse(render(template, **context), status_code, {"cache-control": "no-store"})
