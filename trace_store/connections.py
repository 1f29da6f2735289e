"""Opens connections and pools: own schema on the search path, UTC, a name in pg_stat_activity, dead peers noticed."""

import select
from collections.abc import Awaitable, Callable

import orjson
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool

from trace_store.list_dumper import FlatListDumper
from trace_store.queries import load

SCHEMA = "rainbarrel"
READER_TIMEOUT_S = 30.0
POOL_TIMEOUT_S = (
    5.0  # how long a read waits for a connection, and how long the pool tries to make one before it gives up
)
SQL = load("connections")

_DEFAULTS: dict[str, str | int] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def connection_string(conninfo: str, application_name: str) -> str:
    """`conninfo` (URL or key=value words) with our name and with the time limits that it does not set itself."""
    given = conninfo_to_dict(conninfo)
    defaults = {key: value for key, value in _DEFAULTS.items() if key not in given}
    return make_conninfo(conninfo, application_name=application_name, **defaults)


def conninfo_fault(conninfo: str) -> str:
    """Why libpq cannot read `conninfo`; "" when it can. Nothing is connected."""
    try:
        conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError as error:
        return str(error).strip()
    return ""


async def connect(
    conninfo: str, application_name: str, statement_timeout_s: float = 0
) -> psycopg.AsyncConnection[TupleRow]:
    """One connection in autocommit mode; psycopg's errors, no timeout for statements when 0."""
    connection = await psycopg.AsyncConnection.connect(connection_string(conninfo, application_name), autocommit=True)
    try:
        _adapt(connection)
        await connection.execute(SQL.set_up_session, _session(statement_timeout_s))
    except BaseException:
        await connection.close()
        raise
    return connection


def connect_sync(conninfo: str, application_name: str) -> psycopg.Connection[TupleRow]:
    """The same for code outside an event loop (migrations, doctor); statements have no timeout."""
    connection = psycopg.connect(connection_string(conninfo, application_name), autocommit=True)
    try:
        connection.execute(SQL.set_up_session, _session(0))
    except BaseException:
        connection.close()
        raise
    return connection


def make_pool(
    conninfo: str, application_name: str, size: int, statement_timeout_s: float = READER_TIMEOUT_S
) -> AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]]:
    """A closed pool of up to `size` connections for lookups, in autocommit mode; `await pool.open()` starts it."""
    return AsyncConnectionPool(
        connection_string(conninfo, application_name),
        min_size=1,
        max_size=size,
        open=False,
        timeout=POOL_TIMEOUT_S,
        reconnect_timeout=POOL_TIMEOUT_S,  # a later read tries afresh, however long the outage was
        kwargs={"autocommit": True},
        configure=_configure(statement_timeout_s),
        check=_check,
        name=application_name,
    )


async def _check(connection: psycopg.AsyncConnection[TupleRow]) -> None:
    """Raises psycopg's OperationalError for a connection that its server has ended.

    An idle connection has something to read only then, or when the server says something on its own account: it is
    asked in these cases alone, since asking each time would be one more wait in every read.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)


def _configure(statement_timeout_s: float) -> Callable[[psycopg.AsyncConnection[TupleRow]], Awaitable[None]]:
    async def configure(connection: psycopg.AsyncConnection[TupleRow]) -> None:
        _adapt(connection)
        await connection.execute(SQL.set_up_session, _session(statement_timeout_s))
        await connection.execute(SQL.set_up_lookups)

    return configure


def _adapt(connection: psycopg.AsyncConnection[TupleRow]) -> None:
    """Lists of parameters go out in binary: as text, psycopg escapes them character by character."""
    connection.adapters.register_dumper(list, FlatListDumper)
    set_json_loads(orjson.loads, connection)


def _session(statement_timeout_s: float) -> dict[str, str]:
    return {"schema": SCHEMA, "statement_timeout": f"{int(statement_timeout_s * 1000)}ms"}
