"""Tombstones: what was erased is known again when it is redelivered, and the store does not tell what it was.

A tombstone is an HMAC-SHA256, under a secret of this installation, of project, kind and id. Every process keeps all of
them in memory and asks the database only for those that it does not know yet.
"""

import hashlib
import hmac
from collections.abc import Collection
from enum import IntEnum
from typing import Any

import psycopg

from trace_store.access_keys import shared_secret
from trace_store.database_errors import translate_errors
from trace_store.queries import load

SQL = load("tombstones")
SECRET = "tombstones"  # noqa: S105  # its name
DIGEST_BYTES = 16


class Erased(IntEnum):
    """What an erased id names."""

    TRACE = 1
    EVENT = 2
    USER = 3
    LOG = 4  # a record of no trace, by the digest of `trace_store.flush.digest_of_log`


class Tombstones:
    """All tombstones that this process has read; false while there are none."""

    def __init__(self) -> None:
        self._secret = b""
        self._newest = 0
        self._digests: set[bytes] = set()

    def __bool__(self) -> bool:
        return bool(self._digests)

    def has(self, kind: Erased, project_id: int, name: bytes) -> bool:
        """Whether this was erased; about 2 µs."""
        return tombstone(self._secret, kind, project_id, name) in self._digests

    async def read(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Adds what was erased since the last call."""
        with translate_errors():
            rows = await (await connection.execute(SQL.newer_tombstones, {"after": self._newest})).fetchall()
        if rows:  # the secret is there then; one that this made could be gone with the transaction of the caller
            self._secret = self._secret or await shared_secret(connection, SECRET)
        for number, digest in rows:
            self._digests.add(bytes(digest))
            self._newest = number


def tombstone(secret: bytes, kind: Erased, project_id: int, name: bytes) -> bytes:
    """The keyed hash of an erased id."""
    return hmac.digest(secret, b"%d %d " % (project_id, kind) + name, hashlib.sha256)[:DIGEST_BYTES]


async def put_tombstones(
    connection: psycopg.AsyncConnection[Any], project_id: int, kind: Erased, names: Collection[bytes]
) -> None:
    """Remembers that these are erased."""
    if names:
        secret = await shared_secret(connection, SECRET)
        digests = [tombstone(secret, kind, project_id, name) for name in names]
        with translate_errors():
            await connection.execute(SQL.put_tombstones, {"digests": digests})
