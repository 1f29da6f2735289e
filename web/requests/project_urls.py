"""The project in the address of a page: `/projects/{slug}/traces` is `/traces` of that project.

Pages and their links know nothing of it: the gate takes the front part off, and what goes out gets it back. The
default project has none, so that its addresses stay short.
"""

import re
from contextvars import ContextVar

URL_PREFIX: ContextVar[str] = ContextVar("URL_PREFIX", default="")
_ROOT = "/projects/"
# Autoescape writes quotes of anybody's text as &#34;, so that this finds attributes of our templates alone.
_LINK = re.compile(r'(?<=\s)(href|action|hx-get|data-events|data-url|data-range)="/(?!/|projects/|static/|sign-)')


def split_path(path: str) -> tuple[str, str]:
    """The slug that a path begins with ("" without one), and the path without it."""
    if not path.startswith(_ROOT):
        return "", path
    slug, _, rest = path[len(_ROOT) :].partition("/")
    return slug, f"/{rest}"


def prefix_of(slug: str) -> str:
    """What the addresses of a project begin with."""
    return f"{_ROOT}{slug}" if slug else ""


def with_prefix(html: str) -> str:
    """The page with its own links kept in the project of the request."""
    prefix = URL_PREFIX.get()
    return _LINK.sub(rf'\1="{prefix}/', html) if prefix else html


def location_with_prefix(location: str) -> str:
    """The same for the address of a redirect."""
    prefix = URL_PREFIX.get()
    is_ours = location.startswith("/") and not location.startswith(("//", _ROOT, "/sign-"))
    return prefix + location if prefix and is_ours else location
