"""Why a span became what it is, as JSON and as text."""

from collections.abc import Iterator, Mapping
from typing import Any

from trace_store.attributes import json_safe
from trace_store.dialects.explain import Explanation

TEXT_MAX = 100


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Dialect, mark, type, the source of each fact, and what no rule reads."""
    return {
        "dialect": explanation.dialect or None,
        "matched_by": explanation.mark or None,
        "type": explanation.type,
        "type_source": explanation.type_source or None,
        "facts": [
            {"fact": fact.fact, "value": json_safe(fact.value), "source": fact.source, "rule": fact.rule or None}
            for fact in explanation.facts
        ],
        "unmapped": list(explanation.unmapped),
    }


def explanation_text(span: Mapping[str, Any]) -> Iterator[str]:
    """Lines for a terminal; `span` is `explanation_json` with span_id and name."""
    if span["dialect"] is None:
        yield f"span {span['span_id']} {_short(span['name'])}: no dialect knows it"
    else:
        yield f"span {span['span_id']} {_short(span['name'])}: {span['dialect']}, by {span['matched_by']}"
        told = f" <- {span['type_source']}" if span["type_source"] else ""
        yield f"  type {span['type']}{told}"
    for fact in span["facts"]:
        rule = f", rule {fact['rule']}" if fact["rule"] else ""
        yield f"  {fact['fact']} {_short(fact['value'])} <- {fact['source']}{rule}"
    if span["unmapped"]:
        yield f"  unmapped: {', '.join(span['unmapped'])}"


def _short(value: Any) -> str:
    line = " ".join(str(value).split())
    return line if len(line) <= TEXT_MAX else line[: TEXT_MAX - 1] + "…"
