"""Tool rules of a user in the server: they judge what comes in, pages show them, a bad file is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client_only_run import client_only_run, trace_id
from tests.fix_pages import running_pages
from tests.run_cli import rainbarrel
from tool_errors.failure.tool_rules_in_use import use_tool_rules
from tool_errors.loop.loop_steps import LoopThresholds
from tool_errors.prices.prices_in_use import use_prices
from tool_errors.rules import ProjectRules, derived_by, derived_by_with
from trace_store.dialects import BUILT_IN

RULES = """
[[rule]]
tool = "book_*"
path = "$.booked"
condition = "== true"
status = "soft_error"
"""


@pytest.fixture
def rules_file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    yield path
    use_tool_rules(None)


async def test_the_server_judges_with_the_rules_of_the_file(database: str, rules_file: Path) -> None:
    spans = [span for trace in client_only_run(0, [None]) for span in trace]
    async with running_pages(database) as pages:
        use_tool_rules(rules_file)  # as `serve` does in each of its processes
        await pages.store_and_derive(spans)
        ((call,),) = [
            found["tool_calls"]
            for number in (0, 1)
            if (found := await pages.json(f"/api/traces/{trace_id(0, number).hex()}"))["tool_calls"]
        ]
        assert (call["status"], call["evidence"]["rule"]) == ("soft_error", "user.1")
        assert call["evidence"]["path"] == "messages.result.booked"
        listed = await pages.json("/api/traces")
        assert sum(trace["soft_error_count"] for trace in listed["traces"]) == 1  # the processor judged alike


def test_other_rules_have_another_name_so_that_reprocess_finds_what_they_change(rules_file: Path) -> None:
    without = derived_by(BUILT_IN)
    use_tool_rules(rules_file)
    one = derived_by(BUILT_IN)
    rules_file.write_text("# a comment changes nothing\n" + RULES)
    use_tool_rules(rules_file)
    assert derived_by(BUILT_IN) == one != without
    rules_file.write_text(RULES.replace("true", "false"))
    use_tool_rules(rules_file)
    assert derived_by(BUILT_IN) not in (one, without)


def test_prices_and_thresholds_of_loops_are_part_of_the_name(tmp_path: Path) -> None:
    path, shipped = tmp_path / "prices.toml", derived_by(BUILT_IN)
    path.write_text('[vendors.us]\nsource = "us"\nmodels."m" = [{ input = 1 }]\n')
    use_prices(path)
    try:
        mine = derived_by(BUILT_IN)
    finally:
        use_prices(None)
    thresholds = LoopThresholds(repeats_min=4)
    patient = derived_by(BUILT_IN, thresholds)
    assert len({shipped, mine, patient}) == 3
    assert ProjectRules(loops=thresholds).derived_by(1) == patient
    assert derived_by_with(BUILT_IN, patient) == patient, "a page knows no thresholds"


@pytest.mark.parametrize("command", ["serve", "reprocess"])
def test_a_bad_file_is_refused_at_the_start_with_a_sentence(tmp_path: Path, command: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('off = ["payload.nonsense"]\n')
    done = rainbarrel(command, "--tool-rules", str(path), "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 1
    assert "off names 'payload.nonsense'" in done.stderr.decode()
    assert not (tmp_path / "data").exists()
