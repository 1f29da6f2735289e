"""Settings pages: dialects seen, the project's own mapping: test, save, derive again; and who may change it."""

import re
from collections.abc import AsyncIterator

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.fix_pages import Pages, running_pages
from tests.spans_made import span
from trace_store.model import AcceptedSpan

TRACE_ID = b"\x41" * 16
ID = TRACE_ID.hex()
MAPPING = '[[dialect]]\nname = "acme"\nmarkers = ["acme.step"]\nfields = { model = "acme.model" }\n\n'
MAPPING += '[dialect.kinds."acme.step"]\ncall = "llm"\n'
FORM = {"text": MAPPING, "version": "0", "chosen": ID}


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


def acme_span(**attributes: str) -> AcceptedSpan:
    made = span(TRACE_ID, name="a step")
    message = Span.FromString(made.otlp)
    message.name = "a step"
    for key, value in attributes.items():
        message.attributes.append(KeyValue(key=key.replace("_", "."), value=AnyValue(string_value=value)))
    return made._replace(otlp=message.SerializeToString())


async def test_a_riddle_is_seen_mapped_tested_saved_and_derived_again(pages: Pages) -> None:
    assert "rainbarrel demo" in await pages.html("/settings/dialects")
    stored = acme_span(acme_step="call", acme_model="m-1", other="x")
    await pages.store_and_derive([stored])
    seen = await pages.json("/settings/dialects.json")
    assert (seen["spans_shown"], seen["unclaimed_spans"], seen["dialects"]) == (1, 1, [])
    assert [scope["newest"]["span_id"] for scope in seen["unclaimed_scopes"]] == [stored.span_id.hex()]
    assert f"/settings/mappings?chosen={ID}/{stored.span_id.hex()}" in await pages.html("/settings/dialects")

    tested = await pages.client.post("/settings/mappings", data={**FORM, "action": "test"})
    assert tested.status_code == 200
    for told in (
        "Showing 1 of 1 chosen span; 1 of them would change",
        "m-1",
        "acme.model, acme",
        "attribute acme.step",
    ):
        assert told in tested.text
    assert (await pages.json("/settings/mappings.json"))["version"] == 0, "a test saves nothing"

    saved = await pages.client.post("/settings/mappings", data={**FORM, "action": "save"})
    assert (saved.status_code, saved.headers["location"]) == (303, "/settings/mappings?done=saved")
    assert (await pages.json(f"/traces/{ID}/spans/{stored.span_id.hex()}.json"))["explanation"]["dialect"] == "acme"
    known = await pages.json("/settings/mappings.json")
    assert (known["version"], known["text"], known["outdated_traces"]) == (1, MAPPING, 1)
    assert "1 stored trace was derived by other rules" in await pages.html("/settings/mappings")
    assert (await pages.client.post("/settings/mappings/reprocess", data={"x": "1"})).status_code == 303
    await pages.derive()
    seen = await pages.json("/settings/dialects.json")
    assert ([one["dialect"] for one in seen["dialects"]], seen["unclaimed_spans"]) == (["acme"], 0)
    assert (await pages.json("/settings/mappings.json"))["outdated_traces"] == 0
    stale = await pages.client.post("/settings/mappings", data={**FORM, "action": "save"})
    assert stale.status_code == 409
    assert "Somebody else saved a version meanwhile" in stale.text


async def test_a_bad_mapping_or_choice_is_told_and_the_text_is_kept(pages: Pages) -> None:
    text = '[[dialect]]\nname = "x"\nfields = { modell = "<b>" }'
    answer = await pages.client.post("/settings/mappings", data={**FORM, "text": text, "action": "save"})
    assert answer.status_code == 400
    assert "is no field; the fields are model" in answer.text
    assert "&lt;b&gt;" in answer.text
    unknown = await pages.client.post("/settings/mappings", data={**FORM, "action": "test"})
    assert unknown.status_code == 404
    assert f"Nothing is stored of {ID}." in unknown.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"host": "rebound.example", "origin": "http://rebound.example"},
    ],
)
async def test_other_origins_change_nothing(pages: Pages, headers: dict[str, str]) -> None:
    for path in ("/settings/mappings", "/settings/mappings/reprocess"):
        answer = await pages.client.post(path, data={**FORM, "action": "save"}, headers=headers)
        assert answer.status_code == 403
    assert (await pages.json("/settings/mappings.json"))["version"] == 0


@pytest.mark.parametrize(
    "headers",
    [{"origin": "null", "sec-fetch-site": "same-origin"}, {"origin": "http://127.0.0.1:4318"}],
    ids=["no referrer", "no fetch metadata"],
)
async def test_our_own_page_may(pages: Pages, headers: dict[str, str]) -> None:
    answer = await pages.client.post("/settings/mappings", data={**FORM, "action": "save"}, headers=headers)
    assert answer.status_code == 303


async def test_each_settings_page_leads_to_all_of_them(pages: Pages) -> None:
    paths = re.findall(r'class="tab" href="(/settings/[a-z]+)"', await pages.html("/settings/dialects"))
    assert len(paths) == len(set(paths)) >= 8
    for path in paths:
        html = await pages.html(path)
        assert re.findall(r'class="tab" href="(/settings/[a-z]+)"', html) == paths
        assert f'href="{path}" aria-current="page"' in html
