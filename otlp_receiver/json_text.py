"""Parses the text of an OTLP/JSON request: strictly and fast first, leniently where real senders need it."""

import json
from typing import Any

import orjson

from otlp_receiver.exceptions import MalformedBody

VALUES_MAX = 8_000_000  # about 1 GB once parsed, the most a request of 64 MiB of attributes really needs
INVALID_UTF8_WARNING = "invalid UTF-8 was stored as U+FFFD"


def parse_json(body: bytes, warnings: set[str]) -> Any:
    """The JSON value of a body; bare NaN and Infinity, lone surrogates, a byte order mark and invalid UTF-8 are read.

    Raises MalformedBody for anything else that is no JSON, for nesting too deep to read and for too many values.
    """
    if len(body) > VALUES_MAX and body.count(b",") + body.count(b"{") + body.count(b"[") > VALUES_MAX:
        raise MalformedBody(f"the JSON body has more than {VALUES_MAX} values: send smaller batches")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _parse_leniently(body, warnings)


def _parse_leniently(body: bytes, warnings: set[str]) -> Any:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("utf-8-sig", errors="replace")
        warnings.add(INVALID_UTF8_WARNING)
    try:
        return json.loads(text)
    except RecursionError:
        raise MalformedBody("the JSON body is nested too deeply") from None
    except ValueError as error:
        raise MalformedBody(f"the request body is no JSON: {error}") from error
