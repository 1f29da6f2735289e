"""Endpoints on loopback that messages are delivered to: an HTTP server on a real socket, and an SMTP server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

import orjson
from aiosmtpd.smtp import SMTP, Envelope, Session

DEADLINE_S = 180.0


@dataclass(frozen=True)
class Post:
    """One request that arrived whole."""

    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def delivery_id(self) -> str:
        return self.headers["rainbarrel-delivery"]

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def status(code: int, *headers: str, body: bytes = b"") -> Answer:
    """Answers with a status."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        head = [f"HTTP/1.1 {code} Said", f"content-length: {len(body)}", "connection: close", *headers]
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        await writer.drain()

    return answer


def raw(answer_bytes: bytes) -> Answer:
    """Writes these bytes and ends the connection."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(answer_bytes)
        await writer.drain()

    return answer


def after(event: asyncio.Event, then: Answer) -> Answer:
    """Answers when somebody says so."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        await event.wait()
        await then(writer)

    return answer


@dataclass
class HttpEndpoint:
    """Takes the answers in turn, the last one for ever."""

    answers: list[Answer] = field(default_factory=lambda: [status(200)])
    posts: list[Post] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.posts.append(Post(head[0].split()[1], headers, body))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            writer.close()


@asynccontextmanager
async def http_endpoint(*answers: Answer, port: int = 0) -> AsyncIterator[HttpEndpoint]:
    """An endpoint that answers like this; 200 when nothing is given."""
    endpoint = HttpEndpoint(list(answers) or [status(200)])
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", port)
    endpoint.port = server.sockets[0].getsockname()[1]
    try:
        yield endpoint
    finally:
        server.close()


@dataclass
class Mailbox:
    """What a mail server took, and how often it says no first."""

    refusals: list[str] = field(default_factory=list)
    mails: list[Message] = field(default_factory=list)
    tries: list[Message] = field(default_factory=list)
    port: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content)
        self.tries.append(mail)
        if self.refusals:
            return self.refusals.pop(0)
        self.mails.append(mail)
        return "250 taken"


@asynccontextmanager
async def smtp_endpoint(*refusals: str) -> AsyncIterator[Mailbox]:
    """A mail server without TLS; it gives the refusals first."""
    mailbox = Mailbox(list(refusals))
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(mailbox), "127.0.0.1", 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()


async def until(condition: Callable[[], Any], what: str) -> None:
    """Waits until it holds."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.02)
    assert condition(), what
