"""What senders are told: the address and the key stand in each snippet, and what has a syntax is well-formed."""

import ast
import tomllib

import pytest
import yaml

from web.rules.ingest_snippets import NO_KEY, Snippet, Target, snippets

ORIGIN = "http://rain.example:4318"
KEY = "rb_w_123"


def by_slug(target: Target) -> dict[str, Snippet]:
    return {snippet.slug: snippet for snippet in snippets(target)}


@pytest.mark.parametrize("snippet", snippets(Target(ORIGIN, "", KEY)), ids=lambda snippet: snippet.slug)
def test_each_names_the_address_and_the_key(snippet: Snippet) -> None:
    assert ORIGIN in snippet.text
    assert KEY in snippet.text


@pytest.mark.parametrize("target", [Target(ORIGIN, ""), Target(ORIGIN, "", KEY), Target(ORIGIN, "", KEY, "shop")])
def test_what_has_a_syntax_can_be_read(target: Target) -> None:
    found = by_slug(target)
    for slug in ("python", "openllmetry", "openinference", "raindrop-python"):
        ast.parse(found[slug].text)
    assert tomllib.loads(found["codex"].text)["otel"]["log_user_prompt"] is True
    for slug in ("collector", "beside"):
        exporters = yaml.safe_load(found[slug].text)["exporters"]
        assert exporters["otlp_http/rainbarrel"]["endpoint"] == ORIGIN
        assert exporters["otlp_http/rainbarrel"].get("headers", {}) == target.headers


def test_without_a_key_no_header_is_asked_for() -> None:
    found = by_slug(Target(ORIGIN, ""))
    assert "HEADERS" not in found["environment"].text
    assert "headers" not in found["python"].text
    assert NO_KEY in found["raindrop-python"].text
    named = by_slug(Target(ORIGIN, "", project="shop"))
    assert "OTEL_EXPORTER_OTLP_HEADERS=x-raindrop-project-id=shop" in named["environment"].text
