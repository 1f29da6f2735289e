"""From a value in the pane of a span to the list of everything with the same value."""

from urllib.parse import parse_qs, urlsplit

import pytest

from trace_store.dialects.explain import Explanation, FactSource
from trace_store.lists.trace_filter import Term
from web.pages.view_models import KeyValue
from web.query_bar.language import read_query
from web.trace.value_links import FIELDS, linked, list_url

TOLD = Explanation(
    "otel_genai",
    "gen_ai.operation.name",
    "tool",
    "",
    (
        FactSource("tool_name", "search", "gen_ai.tool.name", ""),
        FactSource("user_id", "ada", "user.id", ""),
        FactSource("service_name", "shop", "resource service.name", ""),
        FactSource("input_tokens", "12", "gen_ai.usage.input_tokens", ""),
    ),
    (),
)


def test_an_attribute_that_says_a_fact_leads_to_its_list() -> None:
    assert linked(KeyValue("gen_ai.tool.name", "search"), TOLD).list_url == "/tool-calls?q=tool%3Asearch"
    assert linked(KeyValue("user.id", "ada"), TOLD).list_url == "/traces?q=user%3Aada"
    assert linked(KeyValue("service.name", "shop"), TOLD, is_resource=True).list_url == "/traces?q=service%3Ashop"


@pytest.mark.parametrize(
    "shown",
    [
        KeyValue("service.name", "shop"),  # of the span, not of the resource
        KeyValue("user.id", "another"),  # not the value that is the fact
        KeyValue("user.id", "ada", is_cut=True),
        KeyValue("gen_ai.usage.input_tokens", "12"),  # no list filters by it
        KeyValue("other", "ada"),
    ],
)
def test_others_lead_nowhere(shown: KeyValue) -> None:
    assert linked(shown, TOLD) == shown
    assert linked(shown, None) == shown


@pytest.mark.parametrize("value", ['a "b", c', "x:y", "<b>&", "a\\b", "-1"])
@pytest.mark.parametrize("fact", sorted(FIELDS))
def test_every_value_is_quoted_so_that_the_list_finds_it(fact: str, value: str) -> None:
    asked = parse_qs(urlsplit(list_url(fact, value)).query)
    if fact == "conversation_id":
        assert asked == {"conversation": [value]}
    else:
        assert read_query(asked["q"][0]) == (Term(FIELDS[fact], (value,)),)
