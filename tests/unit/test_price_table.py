"""Prices: which one a call pays, what it costs, and what a price file of one's own may say."""

from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.facts_by_hand import TraceByHand, asked
from tool_errors.contract import contract
from tool_errors.derive import derive
from tool_errors.prices.price_file import BadPriceFile, read_prices, shipped_prices
from tool_errors.prices.price_table import Price, Rates, Tokens
from trace_store.dialects.usage import counts_of

DAY = 86_400 * 10**9


def at(day: str) -> int:
    return (date.fromisoformat(day) - date(1970, 1, 1)).days * DAY


def found(provider: str | None, model: str, day: str = "2026-11-01") -> str | None:
    price = shipped_prices().find(provider, model, at(day))
    return None if price is None else f"{price.vendor}/{price.model}"


@pytest.mark.parametrize(
    ("provider", "model", "entry"),
    [
        ("openai", "gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini"),
        ("openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"),
        ("azure.ai.openai", "gpt-35-turbo", "openai/gpt-35-turbo"),
        (None, "openai/GPT-4o", "openai/gpt-4o"),
        ("anthropic", "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5"),
        ("gcp.vertex_ai", "claude-3-7-sonnet@20250219", "anthropic/claude-3-7-sonnet"),
        (None, "claude-opus-4-5[1m]", "anthropic/claude-opus-4-5"),
        ("openrouter", "anthropic/claude-3.5-sonnet", "anthropic/claude-3-5-sonnet"),
        ("aws.bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0", "anthropic/claude-sonnet-4"),
        ("aws.bedrock", "amazon.nova-lite-v1:0", "bedrock/nova-lite"),
        ("google", "models/gemini-2.5-pro-preview-05-06", "google/gemini-2.5-pro"),
        ("groq", "openai/gpt-oss-20b", "groq/gpt-oss-20b"),
        ("aws.bedrock", "openai.gpt-oss-20b-1:0", "bedrock/gpt-oss-20b"),
        ("cohere", "command-r-08-2024", "cohere/command-r"),
        ("xai", "grok-4-0709", "xai/grok-4"),
        (None, "gpt-oss-20b", None),
        ("ollama", "gpt-4o", None),
        ("openai", "ft:gpt-4o-mini-2024-07-18:us:x:y", None),
        ("openrouter", "openai/gpt-4o:free", None),
        ("openai", "gpt-4o-mini-tuned", None),
        ("openai", "", None),
    ],
)
def test_a_name_finds_its_price(provider: str | None, model: str, entry: str | None) -> None:
    assert found(provider, model) == entry


@pytest.mark.parametrize(
    ("day", "input_usd"), [("2025-01-01", 2.5), ("2026-07-29", 2.5), ("2026-07-30", 2), ("2026-11-01", 2)]
)
def test_a_call_pays_the_price_of_its_day(day: str, input_usd: float) -> None:
    price = shipped_prices().find("openai", "gpt-5.6-terra", at(day))
    assert price is not None
    assert price.rates.input == input_usd * 10**6


def test_every_shipped_price_says_where_it_is_from() -> None:
    prices = list(shipped_prices())
    assert len(prices) > 150
    for price in prices:
        assert price.source.startswith("https://")
        assert price.seen
        assert price.rates.cached_input is None or price.rates.cached_input <= price.rates.input
        assert shipped_prices().named(price.name) == price


def test_each_kind_of_token_has_its_price() -> None:
    rates = Rates(
        input=3_000_000, output=15_000_000, cached_input=300_000, cache_write=3_750_000, cache_write_1h=6_000_000
    )
    tokens = Tokens(input=1000, output=100, cached=500, cache_write=200, cache_write_1h=100)
    assert rates.cost_nano_usd(tokens) == 200 * 3000 + 500 * 300 + 200 * 3750 + 100 * 6000 + 100 * 15000
    assert Rates(input=2_000_000, output=0).cost_nano_usd(tokens) == 1000 * 2000
    assert Rates(input=37_500, output=0).cost_nano_usd(Tokens(1, 0)) == 38  # 37.5, rounded once


def test_the_tier_of_long_input_holds_for_all_tokens() -> None:
    price = Price("v", "m", date(2026, 1, 1), "s", "", Rates(1000, 2000), 10, Rates(5000, 7000))
    assert price.cost_nano_usd(Tokens(10, 1)) == 10 + 2
    assert price.cost_nano_usd(Tokens(11, 1)) == 55 + 7


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"input_tokens": 5, "cache_read_input_tokens": 3, "output_tokens": 1}, (8, 3)),  # Anthropic's own
        ({"prompt_tokens": 5, "cache_read_input_tokens": 3, "completion_tokens": 1}, (5, 3)),
        ({"inputTokens": 5, "outputTokens": 2, "cached_tokens": 3, "totalTokens": 10}, (8, 3)),  # a total of all
        ({"inputTokens": 5, "outputTokens": 2, "cached_tokens": 3, "totalTokens": 7}, (5, 3)),
        ({"inputTokens": 2, "cached_tokens": 3}, (5, 3)),  # parts are never larger than the whole
    ],
)
def test_the_input_holds_its_cached_part(usage: dict[str, int], counts: tuple[int, int]) -> None:
    read = counts_of(usage)
    assert (read.input_tokens, read.cached_tokens) == counts


def priced_trace() -> TraceByHand:
    trace = TraceByHand()
    trace.add("llm", model="gpt-4o-mini", provider="openai", input_tokens=1000, output_tokens=100, cached_tokens=200)
    trace.add("llm", model="house-model", provider="openai", input_tokens=50, output_tokens=5)
    trace.add("llm", model="other-house-model", input_tokens=50, output_tokens=5, sent_cost_nano_usd=7_000)
    outer = trace.add("agent", is_aggregate=True, input_tokens=9999, output_tokens=9999, model="gpt-4o-mini")
    trace.add("llm", parent=outer, model="gpt-4o-mini", provider="openai", input_tokens=100, output_tokens=0)
    return trace


MINI_NANO_USD = 800 * 150 + 200 * 75 + 100 * 600


def test_a_trace_costs_its_priced_calls_and_names_the_others() -> None:
    found = contract(priced_trace().derive(), project="p")
    assert found["cost_usd"] == (MINI_NANO_USD + 7_000 + 100 * 150) / 1e9
    assert found["unpriced_models"] == ["house-model"]
    assert [call["cost_usd"] for call in found["llm_calls"]] == [MINI_NANO_USD / 1e9, None, 7e-6, 15e-6]
    assert [call["price"] for call in found["llm_calls"]][1:3] == [None, "as sent"]
    assert found["llm_calls"][0]["price"] == "openai/gpt-4o-mini"


def test_nothing_priced_is_no_cost_and_not_zero() -> None:
    trace = TraceByHand()
    trace.add("llm", model="house-model", input_tokens=1)
    assert contract(trace.derive(), project="p")["cost_usd"] is None


def test_a_loop_costs_what_asked_for_its_repeats() -> None:
    trace = TraceByHand()
    for _ in range(4):
        call = asked("", "search", {"date": "x"})
        trace.add("llm", model="gpt-4o-mini", provider="openai", input_tokens=100, requested_calls=(call,))
        trace.failing_tool("search", {"date": "x"}, "invalid date")
    (loop,) = contract(trace.derive(), project="p")["loops"]
    assert (loop["tokens"], loop["cost_usd"]) == (300, 300 * 150 / 1e9)


def test_order_and_duplicates_do_not_change_the_cost() -> None:
    trace = priced_trace()
    expected = trace.derive().llm_calls
    for order in permutations(range(len(trace.nodes)), len(trace.nodes)):
        nodes = [trace.nodes[index] for index in order]
        judged = [trace.judged[index] for index in order if index < len(trace.judged)]
        assert derive(nodes + nodes[:2], judged + judged[:2], live=False).llm_calls == expected


@given(st.text(max_size=400), st.one_of(st.none(), st.text(max_size=30)), st.integers(-(2**63), 2**64))
def test_any_name_is_looked_up_in_the_same_way(model: str, provider: str | None, start: int) -> None:
    table = shipped_prices()
    assert table.find(provider, model, start) == table.find(provider, model, start)


@given(*[st.integers(0, 2**63 - 1)] * 5)
def test_no_count_breaks_a_column(input_: int, output: int, cached: int, write: int, write_1h: int) -> None:
    for price in list(shipped_prices())[::20]:
        assert 0 <= price.cost_nano_usd(Tokens(input_, output, cached, write, write_1h)) < 2**63


def test_a_file_extends_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(
        '[vendors.ollama]\nsource = "ours"\nproviders = ["lmstudio"]\n'
        '[vendors.ollama.models]\n"Llama3.1:8b" = { since = 2026-01-01, input = 0, output = 0 }\n'
        "[vendors.openai.models]\ngpt-4o = [{ since = 2026-01-01, input = 1.5, output = 2 }]\n"
    )
    table = read_prices(path)
    local = table.find("lmstudio", "llama3.1:8b", at("2026-11-01"))
    assert local is not None
    assert local.cost_nano_usd(Tokens(10, 10)) == 0
    ours = table.find("openai", "gpt-4o-2024-08-06", at("2026-11-01"))
    assert ours is not None
    assert (ours.rates.input, ours.source) == (1_500_000, shipped_prices().vendors["openai"].source)
    assert table.find("openai", "gpt-4o-mini", at("2026-11-01")) is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[vendors\n", "line 1"),
        ("prices = 1", "unknown key 'prices'"),
        ("vendors = 1", "vendors must be a table"),
        ("[vendors.v]\ncolour = 1", "vendors.v has the unknown key 'colour'"),
        (
            '[vendors.v]\nsource = "s"\nmodels.m = [{ since = 2026-01-01 }]',
            'vendors.v.models."m", entry 1 needs the price',
        ),
        ('[vendors.v]\nsource = "s"\nmodels.m = [{ since = "May", input = 1 }]', "entry 1.since must be a day"),
        ('[vendors.v]\nsource = "s"\nmodels.m = [{ input = 1 }, { input = 2 }]', "all but one need a since"),
        ("[vendors.v]\nmodels.m = [{ since = 2026-01-01, input = 1 }]", "needs a source"),
        ('[vendors.v]\nsource = "s"\nmodels.m = [{ since = 2026-01-01, input = -1 }]', "between 0 and"),
        ('[vendors.v]\nsource = "s"\nmodels.m = [{ since = 2026-01-01, input = nan }]', "between 0 and"),
        ('[vendors.v]\nsource = "s"\nmodels.m = [{ since = 2026-01-01, input = 0.1234567 }]', "more than 6 digits"),
        ('[vendors.v]\nsource = "s"\nmodels.m = [{ since = 2026-01-01, input = "1" }]', "must be a number"),
        ('[vendors.v]\nsource = "s"\nmodels.m = []', "must be a list"),
    ],
)
def test_a_fault_in_a_file_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(text)
    with pytest.raises(BadPriceFile) as caught:
        read_prices(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadPriceFile, match="cannot be read"):
        read_prices(tmp_path / "none.toml")
