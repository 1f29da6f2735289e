"""The same failure in the captures of every library: one fingerprint wherever its text is kept."""

import re
from collections import defaultdict

from otlp_receiver.decode_file import decode_file
from otlp_receiver.decoded import DecodedTraces
from tests.dialect_captures import CAPTURES, request_files, scenarios
from tool_errors.failure.error_text import without_report
from tool_errors.failure.fingerprint import TELLING_WORDS_MIN
from tool_errors.findings import ToolCall
from tool_errors.inspect import derive_records
from trace_store.model import AcceptedLog, AcceptedSpan

WORD = re.compile(r"[^\W\d_]{2,}")


def failed_calls() -> list[tuple[str, ToolCall]]:
    """The library and each failed call of its captures."""
    found = []
    for scenario in scenarios():
        spans: list[AcceptedSpan] = []
        logs: list[AcceptedLog] = []
        for path in request_files(scenario):
            for decoded in decode_file(path.read_bytes()):
                if isinstance(decoded, DecodedTraces):
                    spans += decoded.spans
                else:
                    logs += decoded.logs
        library = scenario.relative_to(CAPTURES).parts[1]
        for trace in derive_records(spans, logs):
            found += [(library, call) for call in trace.tool_calls if call.failed]
    return found


def test_one_failure_has_one_fingerprint_over_all_libraries() -> None:
    calls = failed_calls()
    by_text = defaultdict(set)
    by_mark = defaultdict(set)
    for library, call in calls:
        text = without_report(call.verdict.message)
        if len(WORD.findall(text)) >= TELLING_WORDS_MIN:  # of a shorter text the class counts too
            by_text[call.name, text].add(call.verdict.fingerprint)
        by_mark[call.name, call.verdict.fingerprint].add(library)
    assert [text for text, marks in by_text.items() if len(marks) > 1] == []
    refund = sorted(len(libraries) for (tool, _), libraries in by_mark.items() if tool == "refund_order")
    # Two more texts: OpenAI's agents redact the error, MCP's client only says that the tool failed.
    assert len(refund) == 3
    assert refund[-1] >= 25
    assert len({library for library, call in calls if call.name == "refund_order"}) == sum(refund)
