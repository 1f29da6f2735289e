"""`GET /metrics` in the text format of Prometheus, in every process with an HTTP port; tells of all projects at once.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterator, Mapping

from otlp_receiver.access import AccessControl
from otlp_receiver.commit_counts import series
from otlp_receiver.exceptions import PermissionDenied
from otlp_receiver.http_answers import Scope, Send, client_address, error_headers, respond
from otlp_receiver.status import refusal
from trace_store.exceptions import RainbarrelError
from trace_store.upkeep.operation import Operation, read_operation
from web.processes.shared_counts import SharedCounts

METRICS_PATH = "/metrics"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FAMILIES = {  # name: type and help, in the order of the answer
    "rainbarrel_records_accepted_total": ("counter", "Records stored that were not known before, by signal."),
    "rainbarrel_records_duplicate_total": ("counter", "Records that were stored already, by signal."),
    "rainbarrel_records_late_total": ("counter", "Accepted records kept under the day of receipt, by signal."),
    "rainbarrel_records_rejected_total": ("counter", "Records told to their sender as rejected, by reason."),
    "rainbarrel_redactions_total": ("counter", "Texts that rules for redaction replaced, by rule."),
    "rainbarrel_accepted_bytes_total": ("counter", "Bytes of the accepted records before compression."),
    "rainbarrel_requests_overloaded_total": ("counter", "Requests told to come back because too many bytes waited."),
    "rainbarrel_commits_failed_total": (
        "counter",
        "Commits that failed, whether requests of them were stored after all or not.",
    ),
    "rainbarrel_commit_seconds": ("histogram", "Time of a commit from its first statement to the end of COMMIT."),
    "rainbarrel_queue_bytes": ("gauge", "Bytes of requests that wait for their commit."),
    "rainbarrel_queue_bytes_max": ("gauge", "Bytes that may wait, --queue-bytes-max of every front process."),
    "rainbarrel_database_up": ("gauge", "1 when the database answered this scrape."),
    "rainbarrel_dirty_marks": ("gauge", "Marks that are due: traces and interactions to derive again."),
    "rainbarrel_derive_lag_seconds": ("gauge", "Seconds since the oldest due mark fell due."),
    "rainbarrel_deliveries": ("gauge", "Messages of channels that are kept, by state."),
}
_PARTS = ("_bucket", "_sum", "_count")  # of a histogram


class MetricsApp:
    """Answers; where keys are needed, to a key that reads all projects."""

    def __init__(self, access: AccessControl, counts: SharedCounts, conninfo: str) -> None:
        self._access = access
        self._counts = counts
        self._conninfo = conninfo

    async def __call__(self, scope: Scope, send: Send) -> None:
        """Answer one request."""
        if scope["method"] not in ("GET", "HEAD"):
            await respond(send, 405, [(b"allow", b"GET, HEAD")], b"Metrics are read with GET.\n", MEDIA_TYPE)
            return
        try:
            await self._require_read(scope)
        except RainbarrelError as error:
            await respond(send, refusal(error).http_status, error_headers(error), f"{error}\n".encode(), MEDIA_TYPE)
            return
        values = self._counts.total() | await self._of_database()
        text = "".join(exposition(values))
        await respond(send, 200, [(b"cache-control", b"no-store")], text.encode(), MEDIA_TYPE)

    async def _require_read(self, scope: Scope) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        holder = await self._access.identify(headers, client_address(scope))
        holder.require("read")
        if holder.project_ids is not None:
            raise PermissionDenied("Metrics tell of all projects; this key opens only some.")

    async def _of_database(self) -> dict[str, float]:
        try:
            return _operation_series(await read_operation(self._conninfo))
        except RainbarrelError:
            return {"rainbarrel_database_up": 0}


def exposition(values: Mapping[str, float]) -> Iterator[str]:
    """The lines of an answer; series of one family stand together, as the format demands."""
    for family, (kind, text) in FAMILIES.items():
        names = {family + part for part in _PARTS} if kind == "histogram" else {family}
        found = [name for name in values if name.partition("{")[0] in names]
        if found:
            yield f"# HELP {family} {text}\n# TYPE {family} {kind}\n"
            yield from (f"{name} {values[name]:.17g}\n" for name in found)


def _operation_series(operation: Operation) -> dict[str, float]:
    return {
        "rainbarrel_database_up": 1,
        "rainbarrel_dirty_marks": operation.dirty_marks,
        "rainbarrel_derive_lag_seconds": operation.derive_lag_s,
        **{series("rainbarrel_deliveries", state=state): count for state, count in operation.deliveries.items()},
    }
