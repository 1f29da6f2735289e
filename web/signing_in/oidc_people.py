"""Which provider people sign in at, and who of them may: settings of OpenID Connect, read once."""

import re
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from web.processes.ports import is_loopback

Kind = Literal["admin", "read", ""]
_PERSON = re.compile(r"[^\s@,]*@[^\s@,]+")  # an e-mail address, or @domain for everybody there


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """A provider, our registration there, and who may sign in; without an issuer nobody signs in that way."""

    issuer: str = ""
    client_id: str = ""
    client_secret: str = ""  # "": a public client, which PKCE alone protects
    admins: Sequence[str] = ()  # as `read_people` gives them
    readers: Sequence[str] = ()

    @property
    def fault(self) -> str:
        """What is missing, as a sentence; "" when nothing is."""
        if not self.issuer:
            return ""
        if not self.client_id:
            return "--oidc-issuer needs --oidc-client-id: what the provider calls this Rainbarrel."
        if not self.admins and not self.readers:
            return "--oidc-issuer needs --oidc-admins or --oidc-readers: nobody could sign in."
        return ""

    def kind_of(self, email: str) -> Kind:
        """Which kind of key the holder of this address is like; "" when they may not sign in."""
        if _is_among(email, self.admins):
            return "admin"
        return "read" if _is_among(email, self.readers) else ""


NO_PROVIDER = OidcSettings()


def read_people(text: str) -> tuple[str, ...]:
    """E-mail addresses and @domains between commas or spaces; ValueError for anything else."""
    people = tuple(text.replace(",", " ").casefold().split())
    for person in people:
        if not _PERSON.fullmatch(person):
            raise ValueError(f"{person!r} is neither an e-mail address nor a domain such as @example.com")
    return people


def check_address(url: str) -> str:
    """The same text; ValueError unless nobody can listen on the way: https, or this machine."""
    parts = urllib.parse.urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not is_safe or not parts.hostname:
        raise ValueError(f"{url!r} is no https address")
    return url


def _is_among(email: str, people: Sequence[str]) -> bool:
    name, _, domain = email.casefold().rpartition("@")
    return bool(name) and (email.casefold() in people or f"@{domain}" in people)
