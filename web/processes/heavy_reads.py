"""What the reader process does: the reads of a front process, for large traces. It keeps the last tree."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

from tool_errors.alerts.backtest import Backtest, backtest
from tool_errors.alerts.rule import read_definition
from tool_errors.failure.tool_rules_in_use import beside, read_saved_tool_rules, tool_rules_of_file
from trace_store.alerts.alert_reads import AlertReads
from trace_store.connections import READER_TIMEOUT_S, connect, make_pool
from trace_store.database_errors import translate_errors
from trace_store.export import traces_json, traces_protobuf
from trace_store.reader import TraceReader
from trace_store.stored import TraceKey
from web.compare.export_reading import ExportComparison, compare_with_stored, read_export
from web.mcp_server.trace_outline import Wish, outline
from web.pages.view_models import TracePage
from web.query_api.span_json import spans_json
from web.rules.rule_trial import Trial, try_rules
from web.rules.web_rules import MappingTexts
from web.trace.next_step import NextStep, Wanted, next_step
from web.trace.trace_reading import TreeRecords, read_contract_page, read_tree_records
from web.trace.trace_url import trace_url
from web.trace.trace_view import NEVER_DERIVED, build_trace_page, trace_version
from web.trace.trace_view_state import TraceViewState
from web.trace.tree_view import TraceTree, build_tree

T = TypeVar("T")

COLLECTED_EVERY = 16
_openings = count()
_last_tree: dict[tuple[str, TraceKey, str], tuple[TreeRecords, TraceTree]] = {}


def load() -> None:
    """Nothing: what takes long is the import of this module."""


def contract_json(
    conninfo: str, trace: TraceKey, mappings: MappingTexts, spans_offset: int, spans_limit: int
) -> bytes | None:
    """The JSON contract of a trace with a page of its spans; None for an unknown one."""
    registry = mappings.registry()
    return _with_reader(conninfo, lambda reader: read_contract_page(reader, trace, registry, spans_offset, spans_limit))


def otlp(conninfo: str, trace: TraceKey, as_protobuf: bool) -> bytes | None:
    """The stored trace as OTLP `TracesData`; None for an unknown one."""

    async def read(reader: TraceReader) -> bytes | None:
        spans = await reader.stored_spans(trace)
        if not spans:
            return None
        return traces_protobuf(spans) if as_protobuf else traces_json(spans)

    return _with_reader(conninfo, read)


def event_spans(
    conninfo: str,
    traces: list[TraceKey],
    event_id: str,
    mappings: MappingTexts,
    limit: int,
    text_length_max: int | None,
) -> tuple[list[dict[str, Any]], int]:
    """Spans of an event for the query API, and how many there are."""
    registry = mappings.registry()
    return _with_reader(conninfo, lambda reader: spans_json(reader, traces, event_id, registry, limit, text_length_max))


def trace_page(conninfo: str, trace: TraceKey, path: str, state: TraceViewState, query: str) -> TracePage | None:
    """The page of a trace without the pane of its selected span; None for an unknown one."""
    found = _tree(conninfo, trace, path)
    return None if found is None else build_trace_page(*found, path, state=state, query_string=query)


def find_next_step(
    conninfo: str, trace: TraceKey, path: str, state: TraceViewState, wanted: Wanted, here: int | None
) -> NextStep | None:
    """The next step of a trace worth a look; None where there is none, or no such trace."""
    found = _tree(conninfo, trace, path)
    return None if found is None else next_step(*found, path, state, wanted, here)


def trace_outline(conninfo: str, trace: TraceKey, wish: Wish) -> str | None:
    """The outline of a trace for an agent; None for an unknown one."""
    found = _tree(conninfo, trace, trace_url(trace.trace_id))
    return None if found is None else outline(*found, wish)


def backtest_rule(
    conninfo: str, project_id: int, definition: dict[str, Any], now_unix_nano: int, days: int
) -> Backtest:
    """When an alert rule would have fired; BadRule for a definition that is none."""
    rule = read_definition(definition)

    async def run() -> Backtest:
        async with await connect(conninfo, "rainbarrel heavy reader", READER_TIMEOUT_S) as connection:
            return await backtest(AlertReads(connection), project_id, rule, now_unix_nano, days)

    with translate_errors():
        return asyncio.run(run())


def compare_export(conninfo: str, project_id: int, data: bytes) -> ExportComparison | str:
    """An OTLP export of another backend beside what is stored; a sentence for bytes that are none."""
    read = read_export(data)
    if isinstance(read, str):
        return read
    return _with_reader(conninfo, lambda reader: compare_with_stored(reader, project_id, read))


def try_tool_rules(conninfo: str, project_id: int, mappings: MappingTexts, text: str, calls_max: int) -> Trial:
    """What tool rules, as TOML, would change of the newest calls; BadToolRules for a text that holds none."""
    rules, registry = beside(tool_rules_of_file(), read_saved_tool_rules(text)), mappings.registry()
    return _with_reader(conninfo, lambda reader: try_rules(reader, project_id, registry, rules, calls_max))


def _tree(conninfo: str, trace: TraceKey, path: str) -> tuple[TreeRecords, TraceTree] | None:
    async def read(reader: TraceReader) -> tuple[TreeRecords, TraceTree] | None:
        version = trace_version(await reader.trace_row(trace))
        key = (conninfo, trace, version)
        if version == NEVER_DERIVED or key not in _last_tree:
            _last_tree.clear()
            with _cycles_left_alone():
                async with reader.on_one_connection() as held:
                    records = await read_tree_records(held, trace)
                if records is None:
                    return None
                _last_tree[key] = (records, build_tree(records, path))
        return _last_tree[key]

    return _with_reader(conninfo, read)


@contextmanager
def _cycles_left_alone() -> Iterator[None]:
    """Within, many objects are made that all stay: to look for cycles among them took a third of the time.

    They are left alone as long as they stay, too: whoever shows a part of them makes enough objects to set off a search
    of all. A tree holds no cycle; of what else was left alone, a little each time, is rid every COLLECTED_EVERY times.
    """
    gc.unfreeze()
    if next(_openings) % COLLECTED_EVERY == COLLECTED_EVERY - 1:
        gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _with_reader(conninfo: str, read: Callable[[TraceReader], Awaitable[T]]) -> T:
    found: list[T] = []

    async def run() -> None:
        async with make_pool(conninfo, "rainbarrel heavy reader", 1) as pool:
            found.append(await read(TraceReader(pool)))

    asyncio.run(run())  # no result of the task: when it ends, signal.getsignal prints the task, a large tree in 0.5 s
    return found[0]
