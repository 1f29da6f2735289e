"""What model calls cost, over HTTP: the trace, the list, and the page of prices; and from the command line."""

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.agent_run import accepted, made
from tests.fix_pages import Pages, running_pages
from tests.run_cli import rainbarrel

TRACE_ID = b"\x22" * 16
PAGE = f"/traces/{TRACE_ID.hex()}"
MINI_USD = (800 * 150 + 200 * 75 + 100 * 600) / 1e9


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


def call(number: int, model: str) -> Span:
    values = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.response.model": model,
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.cache_read.input_tokens": 200,
        "gen_ai.usage.output_tokens": 100,
    }
    return made(TRACE_ID, number, 1, f"chat {model}", values)


def run() -> list[Span]:
    root = made(TRACE_ID, 1, 0, "invoke_agent a", {"gen_ai.operation.name": "invoke_agent"})
    return [root, call(2, "gpt-4o-mini-2024-07-18"), call(3, "<b>house-model")]


async def test_the_cost_of_a_trace_is_the_same_everywhere(pages: Pages) -> None:
    await pages.store_and_derive(accepted(run()))
    trace = await pages.json(f"{PAGE}.json")
    assert (trace["cost_usd"], trace["unpriced_models"]) == (MINI_USD, ["<b>house-model"])
    assert [found["cost_usd"] for found in trace["llm_calls"]] == [MINI_USD, None]
    (row,) = (await pages.json("/traces.json"))["traces"]
    assert (row["cost_usd"], row["unpriced_models"]) == (MINI_USD, ["<b>house-model"])
    assert "$0.000195" in await pages.html(PAGE)
    assert "1 unpriced model" in await pages.html(PAGE)
    assert "$0.000195+" in await pages.html("/traces")
    detail = await pages.html(f"{PAGE}/spans/{2:016x}")
    assert "0.000195000 USD" in detail
    assert "openai/gpt-4o-mini, https://developers.openai.com" in detail
    assert "unpriced: the model is in no price file" in await pages.html(f"{PAGE}/spans/{3:016x}")


async def test_the_page_shows_the_table_and_what_it_lacks(pages: Pages) -> None:
    assert "No call of a model without a price is stored." in await pages.html("/settings/prices")
    await pages.store_and_derive(accepted(run()))
    found = await pages.json("/settings/prices.json?q=gpt-4o-mini")
    assert [price["model"] for price in found["prices"]] == ["gpt-4o-mini"]
    assert found["total"] > found["shown"] == 1
    unpriced = {"model": "<b>house-model", "provider": "openai", "calls": 1, "input_tokens": 1000, "output_tokens": 100}
    assert (found["unpriced_models"], found["unpriced_total"]) == ([unpriced], 1)
    page = await pages.html("/settings/prices?q=gpt-4o-mini")
    assert "&lt;b&gt;house-model" in page
    assert "<b>house-model" not in page
    assert "Show all" in await pages.html("/settings/prices?q=nothing-like-this")


def test_inspect_takes_prices_of_a_file(tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text('[vendors.openai.models]\n"<b>house-model" = [{ since = 2026-01-01, input = 1, output = 0 }]\n')
    spans = [
        {"traceId": TRACE_ID.hex(), "spanId": f"{number:016x}", "name": "chat", "kind": 1,
         "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000001000000000",
         "attributes": [
             {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
             {"key": "gen_ai.provider.name", "value": {"stringValue": "openai"}},
             {"key": "gen_ai.response.model", "value": {"stringValue": model}},
             {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "1000"}},
         ]}
        for number, model in ((1, "gpt-4o-mini"), (2, "<b>house-model"))
    ]  # fmt: skip
    request = orjson.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    done = rainbarrel("inspect", "-", "--json", "--prices", prices, data=request)
    (trace,) = orjson.loads(done.stdout)["traces"]
    assert (trace["cost_usd"], trace["unpriced_models"]) == ((150_000 + 1_000_000) / 1e9, [])
    prices.write_text("[vendors.x]\ncolour = 1")
    refused = rainbarrel("inspect", "-", "--prices", prices, data=request)
    assert refused.returncode == 1
    assert b"vendors.x has the unknown key 'colour'" in refused.stderr


def test_the_command_says_which_price_and_why() -> None:
    known = rainbarrel("prices", "gpt-4o-mini-2024-07-18")
    assert (known.returncode, b"openai/gpt-4o-mini, https://developers.openai.com" in known.stdout) == (0, True)
    unknown = rainbarrel("prices", "house-model", "--provider", "ollama")
    assert (unknown.returncode, b"unpriced" in unknown.stdout) == (1, True)
    table = orjson.loads(rainbarrel("prices", "--json").stdout)["prices"]
    assert {"vendor", "model", "since", "source", "seen", "input", "output"} <= table[0].keys()
