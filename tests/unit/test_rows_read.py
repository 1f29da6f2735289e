"""What the derived tables keep of findings comes back from them: a field that is added to a table is read, too."""

from tests.client_only_run import client_only_run
from tests.dialect_captures import scenarios
from tests.fix_pages import read_records
from tool_errors import rows_read
from tool_errors.inspect import derive_records
from tool_errors.table_rows import llm_call_row, loop_row, tool_call_row

CAPTURES = [scenario for scenario in scenarios() if scenario.name in ("S2", "S6")]


def test_rows_of_every_capture_come_back() -> None:
    seen = 0
    for capture in CAPTURES:
        records = read_records(capture)
        for trace in derive_records(records.spans, records.logs):
            for call in trace.tool_calls:
                row = tool_call_row(1, call)
                assert tool_call_row(1, rows_read.tool_call(row)) == row
                seen += 1
            for model_call in trace.llm_calls:
                model_row = llm_call_row(1, trace.trace_id, model_call)
                assert llm_call_row(1, trace.trace_id, rows_read.llm_call(model_row)) == model_row
    assert seen > 50


def test_loops_come_back() -> None:
    spans = [span for trace in client_only_run(0, ["refused"] * 5) for span in trace]
    loops = [loop for trace in derive_records(spans, []) for loop in trace.loops]
    assert loops
    assert [rows_read.loop(loop_row(1, loop)) for loop in loops] == loops
