"""Several COPYs in one message: PostgreSQL begins each as soon as it has taken the rows of the one before.

psycopg sends every COPY by itself and waits for the server before its rows and after them; for a flush of a few small
requests that was most of what storing it cost.
Source: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import errors
from psycopg.abc import PQGen
from psycopg.generators import execute, send
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from trace_store.failpoints import reach
from trace_store.rows import HEADER, TRAILER

_PIECE_BYTES = 256 * 1024  # what is sent before libpq, which never gives memory back, buffers more


class Copy(NamedTuple):
    """A `COPY ... FROM STDIN (FORMAT BINARY)` and its rows."""

    statement: bytes
    rows: Collection[bytes]
    are_marks: bool = False  # these rows point to those before them, which are written by now


async def copy_all(
    connection: psycopg.AsyncConnection[Any], copies: Sequence[Copy], begin: bytes = b"", commit: bytes = b""
) -> None:
    """Carries out the statements of `begin`, every COPY that has rows, and `commit`.

    Raises psycopg's errors; as with a single statement, the transaction takes nothing but ROLLBACK after one.
    """
    with_rows = [copy for copy in copies if copy.rows]
    statements = [*filter(None, (begin, *(copy.statement for copy in with_rows), commit))]
    if statements:
        async with connection.lock:
            await connection.wait(_copy_all(connection.pgconn, b";".join(statements), with_rows, bool(commit)))


def _copy_all(pgconn: PGconn, message: bytes, copies: Sequence[Copy], commits: bool) -> PQGen[None]:
    pgconn.send_query(message)
    for number, copy in enumerate(copies, 1):
        _require(ExecStatus.COPY_IN, (yield from execute(pgconn)))
        if copy.are_marks:
            reach("commit")
        data = b"".join((HEADER, *copy.rows, TRAILER))
        for start in range(0, len(data), _PIECE_BYTES):
            if start:
                yield from send(pgconn)
            if not pgconn.put_copy_data(data[start : start + _PIECE_BYTES]):
                raise psycopg.OperationalError("There was no memory for the rows of a COPY.")
        if commits and number == len(copies):
            yield from send(pgconn)
            reach("mark")
        if not pgconn.put_copy_end():
            raise psycopg.OperationalError("There was no memory for the end of a COPY.")
    results = yield from execute(pgconn)
    _require(ExecStatus.COMMAND_OK, results)
    if commits and results[-1].command_status != b"COMMIT":
        raise psycopg.InternalError(f"The database answered {results[-1].command_status!r} to COMMIT.")


def _require(expected: ExecStatus, results: Sequence[PGresult]) -> None:
    """Raises the error among what has come since the last rows, if there is one."""
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise errors.error_from_result(result)
    if not results or results[-1].status != expected:
        raise psycopg.InternalError(f"The database answered {[result.status for result in results]} to a COPY.")
