"""Access keys: made, listed, revoked. A key has 256 random bits; the store keeps no more of it than its sha256."""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from trace_store.database_errors import translate_errors
from trace_store.projects import SQL

KINDS = ("write", "read", "admin")
KEY = re.compile(r"rb_(?:write|read|admin)_[A-Za-z0-9_-]{43}")  # the whole of it
SECRET_BYTES = 32
_SHOWN_CHARACTERS = 4  # of the random part


@dataclass(frozen=True, slots=True)
class AccessKey:
    """One key as it is stored."""

    key_id: int
    kind: str  # one of KINDS
    name: str
    project_ids: tuple[int, ...] | None  # the first is meant by a request that names none; None: all projects
    shown: str  # how it begins
    sha256: bytes
    created_at: datetime
    last_used_at: datetime | None  # to the minute
    revoked_at: datetime | None


def new_key(kind: str) -> str:
    """A new key, such as rb_write_…: not stored yet."""
    return f"rb_{kind}_{secrets.token_urlsafe(SECRET_BYTES)}"


def key_digest(key: str) -> bytes:
    """What a key is found by. A fast hash will do: nobody can try out 256 random bits."""
    return hashlib.sha256(key.encode()).digest()


async def read_keys(connection: psycopg.AsyncConnection[Any]) -> list[AccessKey]:
    """All keys, revoked ones too, the oldest first."""
    with translate_errors():
        return [_key(row) for row in await (await connection.execute(SQL.access_keys)).fetchall()]


async def add_key(
    connection: psycopg.AsyncConnection[Any], kind: str, name: str, project_ids: Sequence[int] | None
) -> tuple[str, AccessKey]:
    """Makes a key: the key itself, which is to be shown once, and its row."""
    key = new_key(kind)
    with translate_errors():
        cursor = await connection.execute(SQL.add_key, _columns(key, kind, name, project_ids))
        row = await cursor.fetchone()
    assert row is not None
    return key, _key(row)


def add_first_key(connection: psycopg.Connection[Any]) -> str | None:
    """An admin key for all projects, made only when the store never had a key; else None."""
    key = new_key("admin")
    with translate_errors():
        row = connection.execute(SQL.add_first_key, _columns(key, "admin", "first key", None)).fetchone()
    return None if row is None else key


async def revoke_key(connection: psycopg.AsyncConnection[Any], key_id: int) -> bool:
    """Revokes a key for good; False when there is none such, or when it is revoked already."""
    if not 0 < key_id < 2**31:
        return False
    with translate_errors():
        return await (await connection.execute(SQL.revoke_key, {"key_id": key_id})).fetchone() is not None


async def note_uses(connection: psycopg.AsyncConnection[Any], used_at: Mapping[int, datetime]) -> None:
    """Keeps when keys were last used."""
    with translate_errors():
        await connection.execute(SQL.note_uses, {"key_ids": list(used_at), "times": list(used_at.values())})


async def shared_secret(connection: psycopg.AsyncConnection[Any], name: str) -> bytes:
    """A random secret that all processes on this store share, made by the first that asks."""
    with translate_errors():
        parameters = {"name": name, "value": secrets.token_bytes(SECRET_BYTES)}
        row = await (await connection.execute(SQL.secret, parameters)).fetchone()
        if row is None:  # another process made it within this very statement
            row = await (await connection.execute(SQL.secret, parameters)).fetchone()
    assert row is not None
    return bytes(row[0])


def _columns(key: str, kind: str, name: str, project_ids: Sequence[int] | None) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": name,
        "project_ids": None if project_ids is None else list(project_ids),
        "shown": key[: len(f"rb_{kind}_") + _SHOWN_CHARACTERS] + "…",
        "sha256": key_digest(key),
    }


def _key(row: tuple[Any, ...]) -> AccessKey:
    key_id, kind, name, project_ids, shown, sha256, *times = row
    return AccessKey(
        key_id, kind, name, None if project_ids is None else tuple(project_ids), shown, bytes(sha256), *times
    )
