"""Log lines on standard error: one short line each for people, or one JSON object each for programs (--log-format)."""

import logging
import sys
from datetime import UTC, datetime

import orjson

FORMATS = ("text", "json")


class OneLine(logging.Formatter):
    """A message is one line, whatever the database said in it; only a traceback follows on lines of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        """The line without the traceback."""
        return " ".join(super().formatMessage(record).split("\n"))


class JsonLine(logging.Formatter):
    """A line is a JSON object, with its traceback in it."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        """Time in UTC, level, role, process id, logger, message, and `traceback` where there is one."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "role": self._role,
            "pid": record.process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


def set_up_logs(role: str, level: str, log_format: str = "text") -> None:
    """Send every logger of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    text = OneLine(f"%(asctime)s %(levelname)-7s {role}: %(message)s", "%H:%M:%S")
    handler.setFormatter(JsonLine(role) if log_format == "json" else text)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("psycopg.pool", "uvicorn", "uvicorn.error", "grpc", "asyncio", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
