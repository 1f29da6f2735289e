"""What `/metrics` asks the database: work that waits to be derived, and what became of messages."""

from collections.abc import Mapping
from dataclasses import dataclass

from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.queries import load

SQL = load("operation")
TIMEOUT_S = 5.0
DELIVERY_STATES = ("waiting", "delivered", "failed")


@dataclass(frozen=True, slots=True)
class Operation:
    """The state of all projects."""

    dirty_marks: int  # due
    derive_lag_s: float  # since the oldest of them fell due
    deliveries: Mapping[str, int]  # by DELIVERY_STATES, of the messages that are kept


async def read_operation(conninfo: str) -> Operation:
    """Asks over a connection of its own; raises StoreUnavailable."""
    with translate_errors():
        async with await connect(conninfo, "rainbarrel metrics", TIMEOUT_S) as connection:
            left = await (await connection.execute(SQL.work_left)).fetchone()
            states = await (await connection.execute(SQL.deliveries_by_state)).fetchall()
    assert left is not None
    return Operation(left[0], left[1], dict.fromkeys(DELIVERY_STATES, 0) | dict(states))
