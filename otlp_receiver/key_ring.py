"""All keys, projects, tombstones and redaction rules in memory: a request looks up here, never asks the database.

One task per process reads them again every two seconds, so that a revoked key stops within seconds. While the database
is away the last state counts: known keys go on to work, and no span is lost to an outage.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import psycopg

from otlp_receiver.redaction.in_force import Redactors
from trace_store.access_keys import AccessKey, note_uses, read_keys, shared_secret
from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.exceptions import RainbarrelError, StoreUnavailable
from trace_store.projects import Project, add_project, read_projects
from trace_store.tombstones import Tombstones

REFRESH_S = 2.0
SPACING_S = 0.2  # between two reads, however many unknown keys come
READ_TIMEOUT_S = 5.0
NOTE_USES_S = 60.0
SESSION_SECRET = "session"  # noqa: S105  # its name

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys and projects of one moment."""

    keys: Mapping[bytes, AccessKey]  # by sha256
    projects: Mapping[str, Project]  # by slug
    session_secret: bytes
    slugs: Mapping[int, str] = field(default_factory=dict)


class KeyRing:
    """Keeps a Ring fresh. Use `open`, then `now`, `fresh`, `add_project` and `note_use`, then `close`."""

    def __init__(self, conninfo: str) -> None:
        self.now: Ring | None = None  # None until the database has answered once
        self.tombstones = Tombstones()
        self.redactors = Redactors()
        self._conninfo = conninfo
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._waiting: list[asyncio.Future[Ring]] = []
        self._asked = asyncio.Event()
        self._uses: dict[int, datetime] = {}
        self._uses_noted_at = 0.0
        self._is_failing = False
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to read; the database need not be there yet."""
        self._task = asyncio.create_task(self._run(), name="key ring")

    async def close(self) -> None:
        """Stop, and keep when keys were last used if the database is there."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        with suppress(RainbarrelError, TimeoutError, psycopg.Error):
            async with asyncio.timeout(READ_TIMEOUT_S):
                if self._uses and self._connection is not None:
                    await self._note_uses(self._connection)
        await self._disconnect()

    async def fresh(self) -> Ring:
        """A state that was read after this call began; raises StoreUnavailable when the database is away."""
        answer: asyncio.Future[Ring] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._asked.set()
        return await answer

    async def add_project(self, slug: str, projects_max: int) -> Project | None:
        """The new project, or the one of that name that is there; None when there are `projects_max` already."""
        with translate_errors():
            connection = await connect(self._conninfo, "rainbarrel projects", READ_TIMEOUT_S)
        async with connection:
            await add_project(connection, slug, projects_max)
        return (await self.fresh()).projects.get(slug)

    def note_use(self, key_id: int) -> None:
        """Remember that a key was used; it is written about once a minute."""
        self._uses[key_id] = datetime.now(UTC)

    async def _run(self) -> None:
        while True:
            self._asked.clear()
            waiting, self._waiting = self._waiting, []
            try:
                self.now = await self._read()
            except RainbarrelError as error:
                await self._disconnect()
                self._say(error)
                _answer(waiting, error)
            else:
                self._say(None)
                _answer(waiting, self.now)
            await asyncio.sleep(SPACING_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_S - SPACING_S):
                    await self._asked.wait()

    async def _read(self) -> Ring:
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                connection = await self._connected()
                keys, projects = await read_keys(connection), await read_projects(connection)
                await self.tombstones.read(connection)
                await self.redactors.read(connection)
                secret = self.now.session_secret if self.now else await shared_secret(connection, SESSION_SECRET)
                if asyncio.get_running_loop().time() > self._uses_noted_at + NOTE_USES_S:
                    await self._note_uses(connection)
        except TimeoutError:
            raise StoreUnavailable(f"The database did not answer within {READ_TIMEOUT_S:.0f} s.") from None
        return Ring(
            MappingProxyType({key.sha256: key for key in keys}),
            MappingProxyType({project.slug: project for project in projects}),
            secret,
            MappingProxyType({project.project_id: project.slug for project in projects}),
        )

    async def _note_uses(self, connection: psycopg.AsyncConnection[Any]) -> None:
        uses, self._uses = self._uses, {}
        self._uses_noted_at = asyncio.get_running_loop().time()
        if uses:
            await note_uses(connection, uses)

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            with translate_errors():
                self._connection = await connect(self._conninfo, "rainbarrel keys", READ_TIMEOUT_S)
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _say(self, error: RainbarrelError | None) -> None:
        """Log once that it fails, and once that it works again."""
        if (error is not None) != self._is_failing:
            self._is_failing = error is not None
            _log.warning("Access keys: %s", error or "the database answers again.")


def _answer(waiting: list[asyncio.Future[Ring]], answer: Ring | RainbarrelError) -> None:
    for future in waiting:
        if future.done():  # whoever asked has gone
            continue
        if isinstance(answer, RainbarrelError):
            future.set_exception(StoreUnavailable(str(answer)))
        else:
            future.set_result(answer)
