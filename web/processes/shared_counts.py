"""Counts of all front processes of one `serve`: each writes its own into a file of its own, and adds up what it finds.

A scrape reaches whichever process takes the connection. The sum is the same in all of them but for the last half
second, and it does not fall when a process is started again: the new one goes on from the file of the old one.
"""

import asyncio
import logging
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import orjson

from otlp_receiver.group_commit import GroupCommit

PUBLISH_INTERVAL_S = 0.5
QUEUE_BYTES = "rainbarrel_queue_bytes"
GAUGES = (QUEUE_BYTES, "rainbarrel_queue_bytes_max")  # true of a process that runs: a new one begins afresh

log = logging.getLogger(__name__)


def counts_folder(data_dir: Path) -> Path:
    """A new, empty folder for the counts of the front processes that `serve` is about to start."""
    folder = data_dir / "counts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


class SharedCounts:
    """The counts of a commit queue (None: nothing is received here), and those of all processes beside it."""

    def __init__(self, commits: GroupCommit | None, file: Path | None = None) -> None:
        self._commits = commits
        self._file = file
        self._before = {name: value for name, value in _read(file).items() if name not in GAUGES} if file else {}
        self._published: dict[str, float] | None = None

    async def run(self) -> None:
        """Publish twice a second, for ever."""
        while True:
            self._publish()
            await asyncio.sleep(PUBLISH_INTERVAL_S)

    def total(self) -> dict[str, float]:
        """The sum over all processes, by series; only what is published, so that no series ever falls."""
        if self._file is None:
            return self._own()
        self._publish()
        return _sum(_read(file) for file in sorted(self._file.parent.glob("*.json")))

    def _own(self) -> dict[str, float]:
        if self._commits is None:
            return {}
        budget = self._commits.budget
        refusals = {"rainbarrel_requests_overloaded_total": float(budget.refusals)}
        own = _sum((self._before, self._commits.counts.values, refusals))
        return own | dict(zip(GAUGES, (budget.used_bytes, budget.bytes_max), strict=True))

    def _publish(self) -> None:
        own = self._own()
        if self._file is None or own == self._published:
            return
        new = self._file.with_suffix(".new")
        try:
            new.write_bytes(orjson.dumps(own))
            new.replace(self._file)
        except OSError as error:  # a full disk is told by what has to be stored
            log.debug("counts were not published: %s", error)
            return
        self._published = own


def _sum(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: defaultdict[str, float] = defaultdict(float)
    for part in parts:
        for name, value in part.items():
            total[name] += value
    return dict(total)


def _read(file: Path) -> dict[str, float]:
    try:
        found: dict[str, float] = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return found
