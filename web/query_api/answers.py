"""The envelope of answers under /v1, cursors and times in them."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import Response

from otlp_receiver.http_answers import error_object
from trace_store.interactions.interaction_reads import Place
from web.requests.errors import BadRequest, WebError
from web.requests.json_answers import json_answer


class UnknownField(BadRequest):
    """A parameter that the endpoint does not have, or a value that it does not take."""

    def __init__(self, sentence: str, field: str, allowed: Sequence[str]) -> None:
        super().__init__(sentence)
        self.details = {"field": field, "allowed_fields": list(allowed)}


def answer(data: object, meta: dict[str, Any] | None = None) -> Response:
    """200 with `data`, and `meta` where there is one."""
    body = {"data": data} if meta is None else {"data": data, "meta": meta}
    return json_answer(body)


def page(data: list[dict[str, Any]], following: Place | None, **more: object) -> Response:
    """A page of a list, with the cursor of the next one if there is one."""
    return answer(data, {"cursor": following and cursor_text(following), "has_more": following is not None, **more})


def error_body(status: int, error: WebError | str) -> dict[str, Any]:
    """The body of an error."""
    sentence = error if isinstance(error, str) else error.sentence
    found = error_object(status, sentence)
    if isinstance(error, UnknownField):
        found["details"] = error.details
    return {"error": found}


def cursor_text(place: Place) -> str:
    """A place in a list as text."""
    return base64.urlsafe_b64encode(orjson.dumps([place.unix_nano, place.id])).rstrip(b"=").decode()


def read_cursor(text: str) -> Place | None:
    """The place that a cursor names; None for text that no list of ours gave."""
    try:
        unix_nano, found = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, TypeError):
        return None
    known = isinstance(unix_nano, int) and -(2**63) <= unix_nano < 2**63 and isinstance(found, str)
    return Place(unix_nano, found) if known and "\0" not in found else None


def iso(unix_nano: int) -> str:
    """A time as ISO 8601 in UTC with microseconds."""
    seconds, nanos = divmod(unix_nano, 1_000_000_000)
    return iso_of(datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanos // 1000))


def iso_of(moment: datetime) -> str:
    """A time as ISO 8601 in UTC; one without a zone is in UTC."""
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
