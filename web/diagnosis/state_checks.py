"""What `doctor` says of the state that stands in the database: retention, work that waits, messages, keys."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from trace_store.access_keys import AccessKey, read_keys
from trace_store.connections import connect
from trace_store.database_errors import translate_errors
from trace_store.upkeep.diagnosis import retention_clock
from trace_store.upkeep.operation import read_operation
from web.diagnosis.finding import Finding, doubtful, good

RETENTION_LATE = timedelta(hours=1)
LAG_S_MAX = 60.0


def check_retention(conninfo: str) -> Finding:
    """Whether old days are dropped, and by which time."""
    clock = retention_clock(conninfo)
    if clock is None:
        return doubtful("retention: has never run", "start `rainbarrel serve` or `rainbarrel process`")
    if sentence := clock.warning():
        return doubtful(f"retention: {sentence}", "set the clock by NTP; if it is right now, wait")
    if (late := datetime.now(UTC) - clock.believed_at) > RETENTION_LATE:
        return doubtful(f"retention: has not run for {late}", "see whether a processor runs, and its log")
    return good(f"retention: ran at {clock.believed_at:%Y-%m-%d %H:%M} UTC")


def check_work(conninfo: str) -> Iterator[Finding]:
    """How far deriving is behind, and messages that nobody got."""
    found = asyncio.run(read_operation(conninfo))
    text = f"derive lag: {found.derive_lag_s:.0f} s, {found.dirty_marks} marks are due"
    if found.derive_lag_s > LAG_S_MAX:
        yield doubtful(text, "see whether a processor runs, and its log; under load add processors (docs/scaling.md)")
    else:
        yield good(text)
    failed, waiting = found.deliveries["failed"], found.deliveries["waiting"]
    text = f"messages of channels: {waiting} wait, {failed} were given up"
    yield doubtful(text, "the page of channels says why: /settings/channels") if failed else good(text)


def check_keys(conninfo: str) -> Finding:
    """Which access keys there are."""
    keys = Counter(key.kind for key in asyncio.run(_keys(conninfo)) if key.revoked_at is None)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(keys.items()))
    return good(f"keys: {told or 'none; only this machine is let in without one'}")


async def _keys(conninfo: str) -> list[AccessKey]:
    with translate_errors():
        async with await connect(conninfo, "rainbarrel doctor") as connection:
            return await read_keys(connection)
