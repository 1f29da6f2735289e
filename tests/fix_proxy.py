"""A line to PostgreSQL that fails on purpose: a TCP proxy that understands just enough of the protocol to find COMMIT.

It can cut every connection, refuse new ones, cut right before a COMMIT goes to the server or right after the server has
carried it out (the client never hears of it), freeze, and delay each answer.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, TypeVar

from psycopg.conninfo import conninfo_to_dict, make_conninfo

WRITER = "rainbarrel writer"  # application name of the connections whose COMMITs count
TIMEOUT_S = 60.0
_Result = TypeVar("_Result")
CommitCut = Literal["before", "after"]


class DatabaseProxy:
    """Stands before the server of `conninfo`; `self.conninfo` leads through it. Any thread may call its methods."""

    def __init__(self, conninfo: str) -> None:
        self._target = conninfo_to_dict(conninfo)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="database proxy")
        self._thread.start()
        self._server: asyncio.Server | None = None
        self._lines: dict[asyncio.Task[None], Callable[[], None]] = {}  # what serves a connection, what cuts it
        self._flows = asyncio.Event()
        self._commit_cuts: list[CommitCut] = []
        self.answer_delay_s = 0.0
        self.commands = 0  # how many of the writer went to the server
        self.port = 0
        self.thaw()
        self.accept()
        self.conninfo = make_conninfo(
            conninfo, host="127.0.0.1", port=self.port, sslmode="disable", gssencmode="disable"
        )

    def close(self) -> None:
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT_S)
        self._loop.close()

    def accept(self) -> None:
        """Listen (again, at the same port)."""
        self._run(self._accept())

    def refuse(self) -> None:
        """Cut everything and let nobody in until `accept`."""
        self._run(self._refuse())

    def cut(self) -> None:
        """Cut every connection now; new ones are welcome."""
        self._run(self._cut())

    def freeze(self) -> None:
        """From now on no byte comes through, in either direction; connections are still accepted."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def thaw(self) -> None:
        self._loop.call_soon_threadsafe(self._flows.set)

    def cut_at_commits(self, *cuts: CommitCut) -> None:
        """Cut the line of the writer that comes next to a COMMIT, before or after it, once for each of `cuts`."""
        self._commit_cuts = list(cuts)

    @property
    def commit_cuts_left(self) -> int:
        return len(self._commit_cuts)

    def _run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(TIMEOUT_S)

    async def _accept(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._cut()

    async def _cut(self) -> None:
        lines = dict(self._lines)
        for cut in lines.values():
            cut()
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines[task] = writer.transport.abort
        try:
            await self._flows.wait()
            server_reader, server_writer = await self._connect()
            line = _Line(self, (reader, writer), (server_reader, server_writer))
            self._lines[task] = line.cut
            await line.run()
        except (OSError, EOFError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            del self._lines[task]

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = str(self._target.get("host", "127.0.0.1")), int(self._target.get("port") or 5432)
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def flow(self) -> None:
        """Returns at once, unless the line is frozen."""
        await self._flows.wait()

    def take_commit_cut(self) -> CommitCut | None:
        return self._commit_cuts.pop(0) if self._commit_cuts else None


class _Line:
    """One connection through the proxy; forwards message by message (PostgreSQL 53.7, Message Formats)."""

    def __init__(
        self,
        proxy: DatabaseProxy,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._proxy = proxy
        self._client_reader, self._client_writer = client
        self._server_reader, self._server_writer = server
        self._is_writer = False
        self._statements: dict[bytes, bytes] = {}  # name of a prepared statement -> its text
        self._portals: dict[bytes, bytes] = {}  # name of a portal -> name of its statement
        self._copies_left: int | None = None  # of the message under way before its COMMIT; None: it has no COMMIT
        self._hides_commit = False  # COMMIT went to the server; its answer must not come back

    def cut(self) -> None:
        self._client_writer.transport.abort()
        self._server_writer.transport.abort()

    async def run(self) -> None:
        both = (asyncio.create_task(self._to_server()), asyncio.create_task(self._to_client()))
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.cut()
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _to_server(self) -> None:
        length = await self._client_reader.readexactly(4)
        startup = await self._client_reader.readexactly(int.from_bytes(length) - 4)
        self._is_writer = WRITER.encode() in startup.split(b"\0")
        await self._proxy.flow()
        self._server_writer.write(length + startup)
        while True:
            kind, message = await _read_message(self._client_reader)
            if self._is_commit(kind, message[5:]):
                cut = self._proxy.take_commit_cut()
                if cut == "before":
                    return
                self._hides_commit = cut == "after"
            await self._proxy.flow()
            self._proxy.commands += self._is_writer and kind in b"QEc"  # Query, Execute, CopyDone
            self._server_writer.write(message)
            await self._server_writer.drain()

    async def _to_client(self) -> None:
        while True:
            kind, message = await _read_message(self._server_reader)
            if self._hides_commit:
                if kind == b"C" and message[5:] == b"COMMIT\0":
                    return
                continue
            if kind in b"ZG":  # ReadyForQuery, CopyInResponse: the end of every answer
                await asyncio.sleep(self._proxy.answer_delay_s)
            await self._proxy.flow()
            self._client_writer.write(message)
            await self._client_writer.drain()

    def _is_commit(self, kind: bytes, body: bytes) -> bool:
        """Whether this message lets the server commit: a simple query, the end of the last COPY of a simple query that
        goes on with COMMIT, or the execution of a prepared statement."""
        if kind == b"Q":
            *before, text = body.rstrip(b"\0").split(b";")
            self._copies_left = sum(b"FROM STDIN" in each for each in before) if _is_commit(text) else None
            return self._is_writer and self._copies_left == 0
        if kind == b"c" and self._copies_left:
            self._copies_left -= 1
            return self._is_writer and self._copies_left == 0
        text = b""
        if kind == b"P":
            name, statement, _ = body.split(b"\0", 2)
            self._statements[name] = statement
        elif kind == b"B":
            portal, name, _ = body.split(b"\0", 2)
            self._portals[portal] = name
        elif kind == b"E":
            text = self._statements.get(self._portals.get(body.split(b"\0", 1)[0], b""), b"")
        return self._is_writer and _is_commit(text)


def _is_commit(text: bytes) -> bool:
    return text.strip().upper() == b"COMMIT"


async def _read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Its type and the whole message."""
    header = await reader.readexactly(5)
    return header[:1], header + await reader.readexactly(int.from_bytes(header[1:]) - 4)


@contextmanager
def database_proxy(conninfo: str) -> Iterator[DatabaseProxy]:
    """A proxy before the server of `conninfo`, for the time of the block."""
    proxy = DatabaseProxy(conninfo)
    try:
        yield proxy
    finally:
        with suppress(TimeoutError):
            proxy.close()
