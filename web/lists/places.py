"""Where a page of a list begins, as `before` of its URL says it: nanoseconds, a full stop, an id."""

from trace_store.interactions.interaction_lists import LAST
from trace_store.interactions.interaction_reads import Place
from web.requests.errors import BadRequest

FIRST = Place(LAST, "\U0010ffff")  # before every place


def read_place(before: str) -> Place:
    """The place that a list gave as its `next`; FIRST for none, BadRequest for what is none."""
    if not before:
        return FIRST
    nano, stop, identifier = before.partition(".")
    if not stop or not nano.isdecimal() or int(nano) > LAST:
        raise BadRequest("`before` is no place in this list; take it from `next`.")
    return Place(int(nano), identifier.replace("\0", ""))


def place_text(place: Place | None) -> str:
    """A place as `before` takes it; "" for none."""
    return f"{place.unix_nano}.{place.id}" if place else ""
