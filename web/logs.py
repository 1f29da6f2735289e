"""Log lines: one short line each on standard error, with time, level and the role of the process."""

import logging
import sys


class OneLine(logging.Formatter):
    """A message is one line, whatever the database said in it; only a traceback follows on lines of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        """The line without the traceback."""
        return " ".join(super().formatMessage(record).split("\n"))


def set_up_logs(role: str, level: str) -> None:
    """Send every logger of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(f"%(asctime)s %(levelname)-7s {role}: %(message)s", "%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("psycopg.pool", "uvicorn", "uvicorn.error", "grpc", "asyncio", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
