"""Channels on their page, over the API and from the command line: added, tested, changed, removed; secrets stay in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.fix_endpoints import http_endpoint, status
from tests.fix_pages import Pages, running_pages
from tests.fix_server import RunningServer, server
from tests.run_cli import rainbarrel
from tool_errors.delivery.sender import Sender
from tool_errors.delivery.ssrf import Targets
from tool_errors.delivery.worker import DeliveryPace, DeliveryWorker
from web.alerts import channel_test

__all__ = ["server"]

SECRET = "a secret that no page shows"
FORM = {"kind": "webhook", "name": "pager", "url": "http://127.0.0.1:1/token-in-the-path", "secret": SECRET}


@pytest.fixture
async def pages(database: str) -> AsyncIterator[Pages]:
    async with running_pages(database) as running:
        yield running


@asynccontextmanager
async def worker(conninfo: str) -> AsyncIterator[None]:
    stop = asyncio.Event()
    sender, pace = Sender("", Targets(loopback=True)), DeliveryPace(poll_interval_s=0.02)
    running = asyncio.create_task(DeliveryWorker(conninfo, sender, pace).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def test_a_channel_is_added_tested_changed_and_removed(pages: Pages) -> None:
    empty = await pages.html("/settings/channels")
    assert "rainbarrel channels add" in empty
    assert "Nothing was sent yet" in empty
    async with http_endpoint(status(200), status(500, body=b"out of order")) as hook, worker(pages.conninfo):
        added = await pages.client.post("/settings/channels", data=FORM | {"url": hook.url, "digest_hour": "9"})
        assert (added.status_code, added.headers["location"]) == (303, "/settings/channels?done=added")
        (channel,) = (await pages.json("/api/channels"))["channels"]
        assert (channel["name"], channel["kind"], channel["digest_hour"]) == ("pager", "webhook", 9)
        place = f"/settings/channels/{channel['id']}"
        good = await pages.client.post(f"{place}/test")
        assert "pager: The endpoint has taken the test message." in good.text
        bad = await pages.client.post(f"/api/channels/{channel['id']}/test")
        assert bad.json()["delivered"] is False
        assert bad.json()["sentence"] == "The test message was not delivered. 127.0.0.1 answers 500: out of order"
        assert len(hook.posts) == 2
    fields = {"breaker_iterations": "4", "digest_hour": "", "digest_time_zone": "Europe/Berlin"}
    assert (await pages.client.post(f"{place}/notices", data=fields)).status_code == 303
    found = await pages.json("/settings/channels.json")
    assert (found["channels"][0]["breaker_iterations"], found["channels"][0]["digest_hour"]) == (4, None)
    assert (found["shown"], found["total"]) == (2, 2)
    assert {one["state"] for one in found["deliveries"]} == {"delivered", "failed"}
    page = await pages.html("/settings/channels")
    assert "Showing 2 of 2 deliveries" in page
    for text in (page, str(found), str(await pages.json("/api/channels")), str(await pages.json("/api/deliveries"))):
        assert SECRET not in text
        assert "/hook" not in text.replace("https://hooks.", "")
    assert (await pages.client.post(f"{place}/remove")).status_code == 303
    assert await pages.json("/settings/channels.json") == {"channels": [], "deliveries": [], "shown": 0, "total": 0}


async def test_what_is_wrong_is_said_and_what_was_typed_stays_but_for_secrets(pages: Pages) -> None:
    refused = await pages.client.post("/settings/channels", data=FORM | {"secret": "short", "name": "pager <1>"})
    assert refused.status_code == 400
    assert "secret of at least 16 characters" in refused.text
    assert "pager &lt;1&gt;" in refused.text
    assert "token-in-the-path" not in refused.text
    assert (await pages.client.post("/api/channels", data=FORM)).status_code == 201
    taken = await pages.client.post("/api/channels", data=FORM)
    assert taken.status_code == 409
    assert "a channel of that name" in taken.json()["error"]
    for path in ("/api/channels/999/test", "/settings/channels/999/remove", f"/api/channels/{2**70}/test"):
        assert (await pages.client.post(path)).status_code == 404
    for kind, told in (("email", "Mail server"), ("teams", "workflow"), ("slack", "incoming webhook"), ("x", "Slack")):
        assert told in await pages.html(f"/settings/channels?kind={kind}")


async def test_no_other_page_can_add_test_or_remove(pages: Pages) -> None:
    assert (await pages.client.post("/api/channels", data=FORM)).status_code == 201
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    (channel,) = (await pages.json("/api/channels"))["channels"]
    for method, path in (
        ("POST", "/settings/channels"),
        ("POST", "/api/channels"),
        ("POST", f"/api/channels/{channel['id']}/test"),
        ("POST", f"/settings/channels/{channel['id']}/test"),
        ("POST", f"/settings/channels/{channel['id']}/remove"),
        ("DELETE", f"/api/channels/{channel['id']}"),
    ):
        assert (await pages.client.request(method, path, headers=foreign)).status_code == 403
    assert (await pages.json("/settings/channels.json"))["total"] == 0
    assert (await pages.client.delete(f"/api/channels/{channel['id']}")).status_code == 200


async def test_without_a_processor_the_test_says_so(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_test, "PATIENCE_S", 0.3)
    made = await pages.client.post("/api/channels", data=FORM)
    tested = await pages.client.post(f"/api/channels/{made.json()['id']}/test")
    assert tested.json()["sentence"] == "No processor took the test message within 0.3 s: is one running?"


async def test_the_command_adds_tests_lists_and_removes(server: RunningServer) -> None:
    place = ["--data-dir", str(server.data_dir)]
    add = ["channels", "add", "--kind", "webhook", "--name", "from the command", "--secret", "-"]
    async with http_endpoint() as hook:
        added = await asyncio.to_thread(rainbarrel, *add, "--url", hook.url, *place, data=SECRET.encode() + b"\n")
        assert added.returncode == 0, added.stderr
        listed = await asyncio.to_thread(rainbarrel, "channels", "list", *place)
        assert b"from the command  webhook  http://127.0.0.1:" in listed.stdout
        assert SECRET.encode() not in listed.stdout
        tested = await asyncio.to_thread(rainbarrel, "channels", "test", "from the command", *place)
        assert tested.stdout == b"The endpoint has taken the test message.\n", tested.stderr
    assert len(hook.posts) == 1
    failed = await asyncio.to_thread(rainbarrel, "channels", "test", "from the command", *place)
    assert failed.returncode == 1
    assert b"127.0.0.1 port" in failed.stderr
    assert (await asyncio.to_thread(rainbarrel, "channels", "remove", "from the command", *place)).returncode == 0
    nobody = await asyncio.to_thread(rainbarrel, "channels", "test", "from the command", *place)
    assert nobody.returncode == 1
    assert b"There is no channel 'from the command'" in nobody.stderr
    for words, said in ((["test"], b"Say which channel"), (["add", "--kind", "slack"], b"needs --kind and --name")):
        refused = await asyncio.to_thread(rainbarrel, "channels", *words, *place)
        assert refused.returncode == 1
        assert said in refused.stderr
