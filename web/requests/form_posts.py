"""Forms that change something: where they may come from, and what stands in them.

A page of another origin must not be able to send them. Settings are for administrators: those with an admin key or a
session, and where no key is needed, whoever sits at this machine.
"""

import ipaddress
import urllib.parse

from fastapi import Request

from web.requests.access_gate import access_of
from web.requests.errors import BadRequest, Forbidden
from web.requests.request_body import read_bounded
from web.requests.same_origin import sent_by

FORM_BYTES_MAX = 1024 * 1024
FIELDS_MAX = 200


async def read_form(request: Request) -> dict[str, str]:
    """The fields of an urlencoded form that an administrator sent from our own page; else Forbidden or BadRequest."""
    check_sender(request)
    return await read_fields(request)


async def read_fields(request: Request) -> dict[str, str]:
    """The fields of an urlencoded form, wherever it comes from; BadRequest for anything else."""
    body = await read_bounded(request, FORM_BYTES_MAX)
    try:
        pairs = urllib.parse.parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict", strict_parsing=bool(body)
        )
    except ValueError:
        raise BadRequest("This is no form: application/x-www-form-urlencoded in UTF-8 is needed.") from None
    return dict(pairs)


def check_sender(request: Request) -> None:
    """Raises Forbidden, saying why, unless an administrator sent it from our own page or without a browser."""
    access = access_of(request)
    if access.holder.by != "nobody":
        if not access.may_change_settings:
            raise Forbidden("Settings take an admin key; this one is for something else.")
        check_origin(request)
        return
    if request.client is None or not _is_loopback(request.client.host):
        raise Forbidden("Settings can only be changed from the machine that Rainbarrel runs on: open this page there.")
    host = urllib.parse.urlsplit(f"//{request.headers.get('host', '')}")
    if host.hostname != "localhost" and not _is_address(host.hostname or ""):
        raise Forbidden("Settings can only be changed at an address such as http://127.0.0.1 or http://localhost.")
    check_origin(request)


def check_origin(request: Request) -> None:
    """Raises Forbidden for what a page of another origin sent; what no browser sent is nobody's page."""
    if sent_by(request.headers) == "other page":
        raise Forbidden("This form was sent by a page of another origin; open Rainbarrel's own page.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
