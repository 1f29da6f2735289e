"""Templates of links to the same trace in other backends."""

import pytest

from web.settings import BadSetting, read_settings
from web.trace.trace_links import outgoing_links, read_link_templates

TRACE_ID = bytes.fromhex("4bf92f3577b34da6a3ce929d0e0e4736")
START = 1_793_000_000_123_456_789


def test_placeholders_are_filled_in() -> None:
    text = "DD=https://dd.example/{trace_id_decimal} My_Jaeger=http://j.example/t/{trace_id}?f={start_ms}&t={end_s}#{start_iso}"
    datadog, jaeger = outgoing_links(read_link_templates(text), TRACE_ID, START, START + 1_000_000_000)
    assert (datadog.name, datadog.url) == ("DD", "https://dd.example/11803532876627986230")
    assert jaeger.name == "My Jaeger"
    assert jaeger.url == (
        "http://j.example/t/4bf92f3577b34da6a3ce929d0e0e4736?f=1792999700123&t=1793000301"
        "#2026-10-26T07%3A28%3A20.123456789Z"
    )


def test_braces_of_json_stay() -> None:
    (template,) = read_link_templates('G=https://g.example/e?left={"uid":"t","queries":[{"query":"{trace_id}"}]}')
    (link,) = outgoing_links((template,), TRACE_ID, START, 0)
    assert link.url == f'https://g.example/e?left={{"uid":"t","queries":[{{"query":"{TRACE_ID.hex()}"}}]}}'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("https://dd.example/{trace_id}", "no NAME=URL"),
        ("DD=javascript:alert({trace_id})", "no NAME=URL"),
        ("DD=/traces/{trace_id}", "no NAME=URL"),
        ("DD=https://dd.example/{trace}", r"\{trace\} in DD is none of"),
        ("DD=https://dd.example/{}", r"\{\} in DD is none of"),
    ],
)
def test_other_templates_are_refused_at_the_start(text: str, says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        read_settings({"trace_links": [text]}, {})


def test_the_option_is_repeatable() -> None:
    both = ["A=https://a.example/{trace_id}", "B=https://b.example/{trace_id}"]
    settings = read_settings({"trace_links": both}, {})
    assert [each.name for each in read_link_templates(settings.trace_links)] == ["A", "B"]
    assert read_settings({}, {}).trace_links == ""
