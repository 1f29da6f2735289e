"""Who may do what, in which project: the same rules for OTLP over HTTP and gRPC, Raindrop's paths, query API and pages.

`identify` finds the holder of a request's key; `in_project` adds the project that the request names. Neither asks the
database, unless a key or a project is unknown.
"""

import hashlib
import hmac
import ipaddress
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from otlp_receiver.credentials import given_key
from otlp_receiver.exceptions import BadProject, PermissionDenied, Unauthenticated
from otlp_receiver.key_ring import KeyRing
from trace_store.access_keys import KEY, AccessKey, key_digest
from trace_store.model import DEFAULT_PROJECT, DEFAULT_PROJECT_ID
from trace_store.projects import SLUG, SLUG_RULE, Project

PROJECT_HEADER = "x-raindrop-project-id"
OWN_TRACES_HEADER = "x-rainbarrel-own-traces"  # whose work the spans of a request tell of, where it is a Rainbarrel's
PROJECTS_MAX = 100  # that requests may create; `rainbarrel projects create` makes more

# `change` is to say of findings, issues, signals and alerts what people say; `settings` is everything else that lasts.
Right = Literal["write", "read", "change", "settings"]
RIGHTS: Mapping[str, frozenset[Right]] = {
    "write": frozenset({"write"}),
    "read": frozenset({"read"}),
    "admin": frozenset({"write", "read", "change", "settings"}),
}
_VERBS: Mapping[Right, str] = {
    "write": "send data",
    "read": "read",
    "change": "change anything",
    "settings": "change settings",
}


@dataclass(frozen=True, slots=True)
class KeyRules:
    """When a request needs a key."""

    are_required: bool = False
    keyless_loopback: bool = False  # where keys are required: not from this machine
    own_key_sha256: bytes = b""  # of the key that `serve` makes for the commands of its own user


@dataclass(frozen=True, slots=True)
class Holder:
    """Who sent a request, and what they may do."""

    by: Literal["key", "session", "nobody"]
    rights: frozenset[Right]
    project_ids: tuple[int, ...] | None = None  # the first is meant by a request that names none; None: all
    key_id: int = 0
    name: str = ""  # of the key

    def require(self, right: Right) -> None:
        """Raises PermissionDenied, saying what the key is for."""
        if right not in self.rights:
            able = " and ".join(_VERBS[each] for each in _VERBS if each in self.rights) or "do nothing"
            raise PermissionDenied(f"This key may {able}; to {_VERBS[right]} takes another kind of key.")


@dataclass(frozen=True, slots=True)
class Access:
    """What one request may do in one project."""

    holder: Holder
    project_id: int
    project: str  # its slug
    is_named: bool = False  # the request named the project

    @property
    def may_read(self) -> bool:
        """Whether it may see what is stored."""
        return "read" in self.holder.rights

    @property
    def may_write(self) -> bool:
        """Whether it may send data."""
        return "write" in self.holder.rights

    @property
    def may_change_settings(self) -> bool:
        """Whether it may do what an administrator does."""
        return "settings" in self.holder.rights


NOBODY = Holder("nobody", frozenset({"write", "read", "change"}))  # where no key is needed
_OWN = Holder("key", RIGHTS["admin"], name="rainbarrel")


class AccessControl:
    """Decides about requests; one per process, over its key ring."""

    def __init__(self, ring: KeyRing, rules: KeyRules = KeyRules(), projects_max: int = PROJECTS_MAX) -> None:
        self.ring = ring
        self.rules = rules
        self._projects_max = projects_max

    async def to_send(self, headers: Mapping[str, str], client: str) -> Access:
        """The access of a request that brings data: its key may write, an unknown project is made."""
        self._refuse_own_traces(headers)
        holder = await self.identify(headers, client)
        holder.require("write")
        return await self.in_project(holder, headers.get(PROJECT_HEADER, ""), may_create=True)

    def _refuse_own_traces(self, headers: Mapping[str, str]) -> None:
        told = headers.get(OWN_TRACES_HEADER, "")
        if told and self.ring.now and hmac.compare_digest(told, own_traces_digest(self.ring.now.session_secret)):
            raise PermissionDenied(
                "These are traces of this very Rainbarrel: stored, they would make further ones, without end. Point "
                "--own-traces to another one."
            )

    async def to_read(self, headers: Mapping[str, str], client: str, project: str = "") -> Access:
        """The access of a request that reads, in the project that is named by `project` or else by its header."""
        holder = await self.identify(headers, client)
        holder.require("read")
        return await self.in_project(holder, project or headers.get(PROJECT_HEADER, ""))

    async def identify(self, headers: Mapping[str, str], client: str) -> Holder:
        """The holder of the request's key. `client` is its address, as ASGI or gRPC tell it.

        Raises Unauthenticated, and StoreUnavailable when a key is unknown and the database cannot be asked.
        """
        given = given_key(headers)
        if given and KEY.fullmatch(given):
            digest = key_digest(given)
            if hmac.compare_digest(digest, self.rules.own_key_sha256):
                return _OWN
            found = await self._find(digest)
            if found is not None:
                self.ring.note_use(found.key_id)
                return holder_of(found)
        if not self.rules.are_required or (self.rules.keyless_loopback and is_loopback_client(client)):
            return NOBODY
        if given:
            raise Unauthenticated(
                "There is no such access key here; `rainbarrel keys list` names those that there are."
            )
        raise Unauthenticated(
            "An access key is needed: send it as `Authorization: Bearer KEY` or `x-api-key: KEY`; "
            "`rainbarrel keys create` makes one."
        )

    async def in_project(self, holder: Holder, slug: str, *, may_create: bool = False) -> Access:
        """The access of a holder in the project with this slug; "" and `default` mean the holder's own.

        Raises BadProject, PermissionDenied, and StoreUnavailable when a project is unknown and the database is away.
        """
        slug = slug.strip()
        if slug in ("", DEFAULT_PROJECT):
            return self._own_project(holder, is_named=bool(slug))
        if not SLUG.fullmatch(slug):
            raise BadProject(f"{slug[:100]!r} is no name of a project: it has {SLUG_RULE}.")
        project = self.ring.now.projects.get(slug) if self.ring.now else None
        if project is None and holder.project_ids is None:
            project = await self._look_up(slug, may_create=may_create)
        if project is None or (holder.project_ids is not None and project.project_id not in holder.project_ids):
            raise PermissionDenied(f"This key does not open project {slug}.")
        if project.is_archived:
            raise PermissionDenied(f"Project {slug} is archived; `rainbarrel projects restore {slug}` opens it again.")
        return Access(holder, project.project_id, slug, is_named=True)

    def _own_project(self, holder: Holder, *, is_named: bool) -> Access:
        allowed = holder.project_ids
        project_id = (
            DEFAULT_PROJECT_ID if allowed is None or (is_named and DEFAULT_PROJECT_ID in allowed) else allowed[0]
        )
        if project_id == DEFAULT_PROJECT_ID:
            return Access(holder, project_id, DEFAULT_PROJECT, is_named)
        ring = self.ring.now
        slug = ring.slugs.get(project_id, "") if ring else ""
        if ring is None or not slug or ring.projects[slug].is_archived:
            raise PermissionDenied(f"The project of this key, {slug or project_id}, is archived.")
        return Access(holder, project_id, slug, is_named)

    async def _find(self, digest: bytes) -> AccessKey | None:
        found = self.ring.now.keys.get(digest) if self.ring.now else None
        if found is None:
            found = (await self.ring.fresh()).keys.get(digest)
        if found is not None and found.revoked_at is not None:
            raise Unauthenticated(f"The key {found.shown} is revoked; use another one.")
        return found

    async def _look_up(self, slug: str, *, may_create: bool) -> Project | None:
        project = (await self.ring.fresh()).projects.get(slug)
        if project is not None or not may_create:
            return project
        made = await self.ring.add_project(slug, self._projects_max)
        if made is None:
            raise PermissionDenied(
                f"There is no project {slug}, and there are {self._projects_max} projects already; "
                f"`rainbarrel projects create {slug}` makes it."
            )
        return made


def holder_of(key: AccessKey) -> Holder:
    """What a key lets its holder do."""
    return Holder("key", RIGHTS[key.kind], key.project_ids, key.key_id, key.name)


def is_loopback_client(client: str) -> bool:
    """Whether an address (`127.0.0.1`, gRPC's `ipv4:127.0.0.1:4321` or `ipv6:%5B::1%5D:4321`) is of this machine."""
    family, _, rest = client.partition(":")
    if family in ("ipv4", "ipv6"):
        client = urllib.parse.unquote(rest).rpartition(":")[0].strip("[]")
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client.startswith("unix:")
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def own_traces_digest(session_secret: bytes) -> str:
    """What a Rainbarrel says in OWN_TRACES_HEADER; the same in all processes on one database, and no secret."""
    return hmac.digest(session_secret, b"own traces", hashlib.sha256).hex()
