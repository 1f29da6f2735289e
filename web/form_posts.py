"""Forms that change something: where they may come from, and what stands in them.

A page of another origin must not be able to send them (W3C Fetch Metadata, RFC 6454), and until there are access keys
nobody but this machine may.
"""

import ipaddress
import urllib.parse

from fastapi import Request

from web.errors import BadRequest, Forbidden

FORM_BYTES_MAX = 1024 * 1024
FIELDS_MAX = 200


async def read_form(request: Request) -> dict[str, str]:
    """The fields of an urlencoded form that this machine sent from our own page; Forbidden or BadRequest otherwise."""
    check_sender(request)
    return await read_fields(request)


async def read_fields(request: Request) -> dict[str, str]:
    """The fields of an urlencoded form, wherever it comes from; BadRequest for anything else."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise BadRequest(f"The form is larger than {FORM_BYTES_MAX // 1024} KiB; send less.")
    try:
        pairs = urllib.parse.parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict", strict_parsing=bool(body)
        )
    except ValueError:
        raise BadRequest("This is no form: application/x-www-form-urlencoded in UTF-8 is needed.") from None
    return dict(pairs)


def check_sender(request: Request) -> None:
    """Raises Forbidden, saying why, unless this machine sent the request from our own page or without a browser."""
    if request.client is None or not _is_loopback(request.client.host):
        raise Forbidden("Settings can only be changed from the machine that Rainbarrel runs on: open this page there.")
    host = urllib.parse.urlsplit(f"//{request.headers.get('host', '')}")
    if host.hostname != "localhost" and not _is_address(host.hostname or ""):
        raise Forbidden("Settings can only be changed at an address such as http://127.0.0.1 or http://localhost.")
    check_origin(request)


def check_origin(request: Request) -> None:
    """Raises Forbidden for what a page of another origin sent; what no browser sent is nobody's page."""
    host = urllib.parse.urlsplit(f"//{request.headers.get('host', '')}")
    # Our Referrer-Policy makes browsers send `Origin: null` with our own forms; Sec-Fetch-Site, which no page can set,
    # tells these from foreign ones, and goes before.
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_foreign = origin is not None and urllib.parse.urlsplit(origin).netloc != host.netloc
    if site not in ("same-origin", "none") if site is not None else is_foreign:
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
