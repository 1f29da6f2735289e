"""Reads OTLP files for `inspect`, `check` and `import`, and says on standard error what was rejected in them."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedLogs, DecodedTraces
from otlp_receiver.exceptions import RequestRefused
from trace_store.exceptions import RainbarrelError
from trace_store.model import DEFAULT_PROJECT_ID, AcceptedLog, AcceptedSpan


class UnreadableFile(RainbarrelError):
    """A file cannot be read."""


def read_files(
    paths: Sequence[str], project_id: int = DEFAULT_PROJECT_ID
) -> Iterator[tuple[str, list[DecodedTraces | DecodedLogs]]]:
    """Each file's records, as a project's; `-` is standard input. Raises UnreadableFile naming the file and why."""
    for path in paths:
        try:
            data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
            yield path, decode_file(data, project_id)
        except OSError as error:
            raise UnreadableFile(f"{path}: {error.strerror or error}.") from error
        except RequestRefused as error:
            raise UnreadableFile(f"{path}: {error}.") from error


def read_records(paths: Sequence[str]) -> tuple[list[AcceptedSpan], list[AcceptedLog], int]:
    """The spans and log records of all files together, and how many were rejected; says on standard error which.

    Raises UnreadableFile.
    """
    spans: list[AcceptedSpan] = []
    logs: list[AcceptedLog] = []
    rejected = 0
    for path, contents in read_files(paths):
        for decoded in contents:
            rejected += say_rejections(path, decoded)
            if isinstance(decoded, DecodedTraces):
                spans += decoded.spans
            else:
                logs += decoded.logs
    return spans, logs, rejected


def say_rejections(path: str, decoded: DecodedTraces | DecodedLogs) -> int:
    """Say on standard error what was rejected or changed; the number of rejected records."""
    rejections = decoded.rejections
    if rejections.total:
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(rejections.counts.items()))
        _say(path, f"{counted_records(rejections.total)} rejected ({reasons})")
        for detail in rejections.details:
            _say(path, f"  {detail}")
    for warning in sorted(decoded.warnings):
        _say(path, warning)
    return rejections.total


def counted_records(count: int) -> str:
    """Such as "1 record", "2 records"."""
    return f"{count} record{'' if count == 1 else 's'}"


def _say(path: str, text: str) -> None:
    sys.stderr.write(f"{path}: {text}\n")
