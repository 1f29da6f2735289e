"""How commands put out what they found: JSON, tables, files."""

import sys
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

import orjson

from trace_store.exceptions import RainbarrelError


def print_json(found: Any) -> None:
    """Indented JSON to standard output."""
    sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def text_table(lines: Sequence[Sequence[str]], numbers: Container[int]) -> str:
    """Lines of equally many cells as columns; those of `numbers`, counted from 0, are aligned on the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def write_file(content: bytes, path: str) -> None:
    """Raises RainbarrelError where it cannot be written."""
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise RainbarrelError(f"{path}: {error.strerror}.") from error


def write_output(content: bytes, path: str | None, told: str) -> None:
    """To a file, and then what it is to standard error; to standard output without a path. Raises RainbarrelError."""
    if path is None:
        sys.stdout.buffer.write(content)
        return
    write_file(content, path)
    sys.stderr.write(f"{path}: {told}\n")
