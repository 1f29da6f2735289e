"""Messages reach real endpoints on loopback: one per event, with the same id at every attempt."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.fix_endpoints import DEADLINE_S, HttpEndpoint, after, http_endpoint, raw, smtp_endpoint, status, until
from tool_errors.delivery.channel_config import read_config
from tool_errors.delivery.sender import Sender
from tool_errors.delivery.ssrf import Targets
from tool_errors.delivery.webhook import signature
from tool_errors.delivery.worker import DeliveryPace, DeliveryWorker
from trace_store.alerts.channels import ChannelStore, Notices
from trace_store.alerts.outbox import Delivery, DeliveryReader
from trace_store.connections import make_pool

PUBLIC_URL = "https://rainbarrel.example.com"
SECRET = "a secret of the receiver"
QUICK = DeliveryPace(poll_interval_s=0.02, first_delay_s=0.05, delay_s_max=0.2)
SUBJECT = {
    "kind": "fired",
    "rule": "Search keeps failing",
    "title": "search fails for 12 users",
    "what": "HTTP 503 from the <search> service",
    "events": 41,
    "users": 12,
    "since_unix_nano": 1_790_000_000_000_000_000,
    "window_s": 3600,
    "trace_ids": ["0af7651916cd43dd8448eb211c80319c"],
    "issue": "f00dbabe",
    "tool": "search",
    "look_at": "the first failing call of the trace",
}


class Desk:
    """Adds channels and events, and says what became of the messages."""

    def __init__(self, pool: Any) -> None:
        self.channels = ChannelStore(pool)
        self.deliveries = DeliveryReader(pool)

    async def channel(self, kind: str, **fields: str) -> int:
        name = f"{kind} {fields.get('url', '')}{fields.get('port', '')}"
        return await self.channels.add(1, kind, name, read_config(kind, fields), Notices())

    async def webhook(self, endpoint: HttpEndpoint) -> int:
        return await self.channel("webhook", url=endpoint.url, secret=SECRET)

    async def mail(self, port: int) -> int:
        fields = {"host": "127.0.0.1", "port": str(port), "security": "none", "sender": "rain@example.com"}
        return await self.channel("email", **fields, recipients="one@example.com, two@example.com")

    async def put(self, channel_id: int, key: str = "event", **changed: Any) -> str:
        return str(await self.deliveries.put(1, channel_id, key, SUBJECT | changed))

    async def outcome(self, attempts_min: int = 1, total: int = 1) -> list[Delivery]:
        """The deliveries, once all are delivered or given up or were tried so often."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                found, count = await self.deliveries.newest(1, 100)
                if count >= total and all(
                    it.delivered_at or it.failed_at or (attempts_min > 1 and it.attempts >= attempts_min)
                    for it in found
                ):
                    return found
                await asyncio.sleep(0.02)


@pytest.fixture
async def desk(database: str) -> AsyncIterator[Desk]:
    async with make_pool(database, "test", 2) as pool:
        yield Desk(pool)


@asynccontextmanager
async def worker(conninfo: str, targets: Targets | None = None, pace: DeliveryPace = QUICK) -> AsyncIterator[None]:
    stop = asyncio.Event()
    sender = Sender(PUBLIC_URL, targets or Targets(loopback=True))
    running = asyncio.create_task(DeliveryWorker(conninfo, sender, pace).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def test_each_kind_of_channel_tells_what_broke_for_whom_since_when_and_where_to_look(
    database: str, desk: Desk
) -> None:
    told = ["search fails for 12 users", "HTTP 503", "41 events, 12 users within 1 h", "2026-09-21 14:13:20 UTC"]
    told += [f"{PUBLIC_URL}/traces/0af7651916cd43dd8448eb211c80319c", f"{PUBLIC_URL}/issues/f00dbabe"]
    told += ["the first failing call of the trace"]
    async with (
        http_endpoint() as slack,
        http_endpoint(status(202)) as teams,
        http_endpoint() as hook,
        smtp_endpoint() as mailbox,
        worker(database),
    ):
        ids = [
            await desk.put(await desk.channel("slack", url=slack.url)),
            await desk.put(await desk.channel("teams", url=teams.url)),
            await desk.put(await desk.webhook(hook)),
            await desk.put(await desk.mail(mailbox.port)),
        ]
        outcome = await desk.outcome(total=4)
    assert all(it.delivered_at and it.attempts == 1 and it.last_error is None for it in outcome)
    assert [endpoint.posts[0].delivery_id for endpoint in (slack, teams, hook)] == ids[:3]
    (mail,) = mailbox.mails
    assert mail["message-id"] == f"<{ids[3]}@example.com>"
    assert mail["to"] == "one@example.com, two@example.com"
    payload = mail.get_payload(decode=True)
    assert isinstance(payload, bytes)
    texts = [
        *(endpoint.posts[0].body.decode() for endpoint in (slack, teams, hook)),
        mail["subject"] + payload.decode(),
    ]
    for text in texts:
        for words in told:
            assert words in text
    assert "<search>" not in texts[0], "Slack would read it as a mention"
    assert slack.posts[0].json["blocks"][0]["text"]["text"] == "Alert: search fails for 12 users"
    card = teams.posts[0].json["attachments"][0]
    assert (card["contentType"], card["content"]["type"]) == (
        "application/vnd.microsoft.card.adaptive",
        "AdaptiveCard",
    )
    assert hook.posts[0].json["subject"] == SUBJECT


async def test_the_signature_of_a_webhook_verifies_and_only_for_its_body(database: str, desk: Desk) -> None:
    async with http_endpoint() as hook, worker(database):
        await desk.put(await desk.webhook(hook))
        await desk.outcome()
    (post,) = hook.posts
    said = post.headers["rainbarrel-signature"]
    timestamp_s = int(said.split(",")[0].removeprefix("t="))
    assert signature(SECRET, timestamp_s, post.body) == said
    assert signature(SECRET, timestamp_s, post.body + b" ") != said
    assert signature(SECRET, timestamp_s + 1, post.body) != said


async def test_an_endpoint_that_fails_twice_gets_one_message_with_one_id(database: str, desk: Desk) -> None:
    answers = status(500, body=b"busy"), status(503, "retry-after: 0"), status(200)
    async with http_endpoint(*answers) as hook, worker(database):
        delivery_id = await desk.put(await desk.webhook(hook))
        (outcome,) = await desk.outcome()
    assert (outcome.attempts, outcome.last_error) == (3, None)
    assert outcome.delivered_at
    assert {post.delivery_id for post in hook.posts} == {delivery_id}
    assert len(hook.posts) == 3
    assert len({post.body for post in hook.posts}) == 1


async def test_a_mail_server_that_refuses_first_gets_one_mail_with_one_id(database: str, desk: Desk) -> None:
    async with smtp_endpoint("451 later", "554 no") as mailbox, worker(database):
        await desk.put(await desk.mail(mailbox.port))
        (outcome,) = await desk.outcome()
    assert (outcome.attempts, len(mailbox.mails)) == (3, 1)
    assert len({mail["message-id"] for mail in mailbox.tries}) == 1


async def test_the_reason_of_a_failed_attempt_is_a_sentence(database: str, desk: Desk) -> None:
    for answer, reason in (
        (status(500, body=b"busy\r\nnow"), "127.0.0.1 answers 500: busy now"),
        (status(302, "location: http://169.254.169.254/"), "127.0.0.1 answers 302, a redirect, and redirects are not"),
        (raw(b""), "The connection to 127.0.0.1 broke before its answer"),
        (raw(b"HTTP/1."), "The connection to 127.0.0.1 broke before its answer"),
    ):
        async with http_endpoint(answer) as hook, worker(database):
            channel_id = await desk.webhook(hook)
            await desk.put(channel_id, kind="test")
            (outcome,) = await desk.outcome()
        assert outcome.failed_at
        assert (outcome.last_error or "").startswith(reason)
        assert len(hook.posts) == 1
        await desk.channels.remove(1, channel_id)


async def test_an_endpoint_that_dies_after_its_status_has_taken_the_message(database: str, desk: Desk) -> None:
    async with http_endpoint(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")) as hook, worker(database):
        await desk.put(await desk.webhook(hook))
        (outcome,) = await desk.outcome()
    assert outcome.delivered_at
    assert len(hook.posts) == 1


async def test_a_refused_connection_is_tried_again_until_somebody_listens(database: str, desk: Desk) -> None:
    async with http_endpoint() as gone:
        channel_id = await desk.webhook(gone)
    async with worker(database):
        delivery_id = await desk.put(channel_id)
        (before,) = await desk.outcome(attempts_min=2)
        async with http_endpoint(port=gone.port) as back:
            (outcome,) = await desk.outcome()
    assert before.last_error is None or "takes no connection" in before.last_error
    assert outcome.delivered_at
    assert [post.delivery_id for post in back.posts] == [delivery_id]


async def test_a_slow_endpoint_holds_up_nobody_else_and_gets_its_message_once(database: str, desk: Desk) -> None:
    answer_now = asyncio.Event()
    async with http_endpoint(after(answer_now, status(200))) as slow, http_endpoint() as quick, worker(database):
        slow_id, quick_id = await desk.webhook(slow), await desk.webhook(quick)
        for number in range(3):
            await desk.put(slow_id, f"event {number}")
        await until(lambda: slow.posts, "the slow one has its first message")
        for number in range(20):
            await desk.put(quick_id, f"event {number}")
        await until(lambda: len(quick.posts) == 20, "the quick one has all of its messages")
        assert len(slow.posts) == 1
        answer_now.set()
        outcome = await desk.outcome(total=23)
    assert len(slow.posts) == 3
    assert len({post.delivery_id for post in [*slow.posts, *quick.posts]}) == 23
    assert all(it.attempts == 1 for it in outcome)


async def test_a_stop_waits_for_what_is_under_way_and_two_workers_share_the_work(database: str, desk: Desk) -> None:
    answer_now = asyncio.Event()
    async with http_endpoint(after(answer_now, status(200)), status(200)) as hook:
        channel_id = await desk.webhook(hook)
        async with worker(database), worker(database):
            await desk.put(channel_id)
            await until(lambda: hook.posts, "the first message is under way")
            asyncio.get_running_loop().call_later(0.2, answer_now.set)
        (outcome,) = await desk.outcome()
        assert outcome.delivered_at
        async with worker(database), worker(database):
            for number in range(20):
                await desk.put(channel_id, f"event {number}")
            await desk.outcome(total=21)
    assert len(hook.posts) == len({post.delivery_id for post in hook.posts}) == 21


async def test_addresses_that_are_not_public_are_refused(database: str, desk: Desk) -> None:
    async with http_endpoint() as hook, worker(database, Targets()):
        await desk.put(await desk.webhook(hook), kind="test")
        (outcome,) = await desk.outcome()
    assert hook.posts == []
    assert "127.0.0.1 is the address 127.0.0.1, which is not public" in (outcome.last_error or "")
