"""What a channel of each kind needs, checked when it is added, and what may be shown of it afterwards."""

import urllib.parse
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trace_store.alerts.channels import KINDS, Channel, Notices
from trace_store.exceptions import RainbarrelError

NAME_CHARACTERS_MAX = 80
SECRET_CHARACTERS_MIN = 16
RECIPIENTS_MAX = 20
BREAKER_ITERATIONS_MIN, BREAKER_ITERATIONS_MAX = 2, 10_000
SECURITY = ("starttls", "tls", "none")
FIELDS = {
    "slack": ("url",),
    "teams": ("url",),
    "webhook": ("url", "secret"),
    "email": ("host", "port", "security", "username", "password", "sender", "recipients"),
}


class BadChannel(RainbarrelError):
    """A channel cannot be like this."""


def read_name(text: str) -> str:
    """The name of a channel; BadChannel for none and for a long one."""
    name = text.strip()
    if not name or len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
        raise BadChannel(f"A channel needs a name of 1 to {NAME_CHARACTERS_MAX} characters.")
    return name


def read_config(kind: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """The config of a new channel from the fields of a form or command; BadChannel names what is wrong."""
    if kind not in KINDS:
        raise BadChannel(f"{kind!r} is no kind of channel; the kinds are {', '.join(KINDS)}.")
    given = {name: value.strip() for name, value in fields.items() if name in FIELDS[kind] and value.strip()}
    if kind == "email":
        return _email(given)
    config: dict[str, Any] = {"url": _url(given.get("url", ""))}
    if kind == "webhook":
        secret = given.get("secret", "")
        if len(secret) < SECRET_CHARACTERS_MIN:
            raise BadChannel(
                f"A webhook needs a secret of at least {SECRET_CHARACTERS_MIN} characters: it signs with it."
            )
        config["secret"] = secret
    return config


def read_notices(fields: Mapping[str, str]) -> Notices:
    """Circuit breaker and daily digest from `breaker_iterations`, `digest_hour`, `digest_time_zone`; empty: off."""
    breaker = _number(fields.get("breaker_iterations", ""), BREAKER_ITERATIONS_MIN, BREAKER_ITERATIONS_MAX, "repeats")
    hour = _number(fields.get("digest_hour", ""), 0, 23, "the hour of the digest")
    zone = fields.get("digest_time_zone", "").strip() or "UTC"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadChannel(f"{zone!r} is no time zone; they look like UTC or Europe/Berlin.") from None
    return Notices(breaker, hour, zone)


def shown_config(channel: Channel) -> str:
    """Where the channel leads, without anything that would let a reader send there in our name."""
    config = channel.config
    if channel.kind == "email":
        return f"{', '.join(config['recipients'])} from {config['sender']} over {config['host']}:{config['port']}"
    parts = urllib.parse.urlsplit(config["url"])
    return f"{parts.scheme}://{parts.netloc}/…"


def _url(text: str) -> str:
    try:
        parts = urllib.parse.urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid or not text.isascii() or not text.isprintable() or " " in text:
        raise BadChannel("The channel needs a URL that begins with https:// (or http://).")
    if parts.username is not None or parts.password is not None:
        raise BadChannel("The URL must not hold a user name or password.")
    return parts._replace(fragment="").geturl()


def _email(given: Mapping[str, str]) -> dict[str, Any]:
    host = given.get("host", "")
    if not host or not all(sign.isalnum() or sign in ".-:" for sign in host):
        raise BadChannel("The channel needs the host of a mail server, such as smtp.example.com.")
    security = given.get("security", "starttls")
    if security not in SECURITY:
        raise BadChannel(f"{security!r} is none of {', '.join(SECURITY)}.")
    if given.get("username") and security == "none":
        raise BadChannel("A password is not sent without TLS: choose starttls or tls, or leave the user name out.")
    default_port = {"starttls": "587", "tls": "465", "none": "25"}[security]
    recipients = [_address(part) for part in given.get("recipients", "").replace(";", ",").split(",") if part.strip()]
    if not 1 <= len(recipients) <= RECIPIENTS_MAX:
        raise BadChannel(f"The channel needs 1 to {RECIPIENTS_MAX} recipients, with commas between them.")
    config = {
        "host": host,
        "port": _number(given.get("port", default_port), 1, 65535, "a port"),
        "security": security,
        "sender": _address(given.get("sender", "")),
        "recipients": recipients,
    }
    if given.get("username"):
        config |= {"username": given["username"], "password": given.get("password", "")}
    return config


def _address(text: str) -> str:
    address = text.strip()
    local, _, domain = address.rpartition("@")
    if (
        not local
        or not domain
        or not address.isascii()
        or not address.isprintable()
        or set(address) & set(' <>,;"()[]')
    ):
        raise BadChannel(f"{address!r} is no mail address, which looks like alerts@example.com.")
    return address


def _number(text: str, low: int, high: int, what: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not low <= int(text[:9]) <= high or len(text) > 9:
        raise BadChannel(f"{text!r} is not {what}: a number between {low} and {high} is needed.")
    return int(text)
