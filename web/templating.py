"""Renders templates: autoescaped, with the filters of `filters.py` and static URLs that change with their file."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from web.filters import FILTERS
from web.project_urls import URL_PREFIX, with_prefix
from web.request_origin import demo_command, server_origin

STATIC = Path(__file__).parent / "static"


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
    environment.globals["static"] = static
    environment.globals["url_prefix"] = URL_PREFIX.get
    environment.globals["demo_command"] = demo_command
    environment.globals["server_origin"] = server_origin
    return environment


ENVIRONMENT = _environment()


def render(template: str, **context: Any) -> str:
    """A rendered template with the links of the request's project."""
    return with_prefix(ENVIRONMENT.get_template(template).render(context))


def page(template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """The same as an answer; pages are never cached, since their data moves."""
    return HTMLResponse(render(template, **context), status_code, {"cache-control": "no-store"})
