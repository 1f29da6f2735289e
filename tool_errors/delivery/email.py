"""Email over SMTP (RFC 5321): plain text, whose Message-ID is the delivery's id at every attempt."""

import asyncio
import smtplib
import socket
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from tool_errors.delivery.failures import DeliveryFailed
from tool_errors.delivery.message import Message, one_line, plain_text
from tool_errors.delivery.ssrf import Targets, checked_addresses
from tool_errors.delivery.tls import tls_context
from trace_store.alerts.outbox import DueDelivery

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 30.0  # of the whole conversation with the server

_Refused = dict[str, tuple[int, bytes]]  # recipients with code and text


def email_of(due: DueDelivery, message: Message) -> EmailMessage:
    """The mail; its Message-ID is the same at every attempt."""
    sender, recipients = due.config["sender"], due.config["recipients"]
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = message.title
    mail["Date"] = format_datetime(due.created_at)
    mail["Message-ID"] = f"<{due.delivery_id}@{sender.rpartition('@')[2]}>"
    mail["Rainbarrel-Delivery"] = str(due.delivery_id)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail.set_content(plain_text(message))
    return mail


async def send_email(mail: EmailMessage, config: Mapping[str, Any], targets: Targets) -> str:
    """Sends it once for all recipients; DeliveryFailed says why the server did not take it.

    Returns "", or a sentence naming the recipients that were refused while others were not: a repeat would reach the
    others twice.
    """
    host, port = str(config["host"]), int(config["port"])
    addresses = await checked_addresses(host, port, targets)
    connection = await _connected(host, port, addresses)
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            refused = await asyncio.to_thread(_talk, connection, mail, config)
    except TimeoutError:
        raise DeliveryFailed(
            f"{host} did not finish within {ANSWER_TIMEOUT_S:.0f} s; whether it took the mail is unknown."
        ) from None
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise DeliveryFailed(f"The mail server {host} did not take the mail: {_said(error)}.") from error
    finally:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)  # ends the thread too, if it still waits for an answer
        connection.close()
    return f"Delivered, but {_refused(refused)}." if refused else ""


async def _connected(host: str, port: int, addresses: list[str]) -> socket.socket:
    said = ""
    for address in addresses:
        try:
            return await asyncio.to_thread(socket.create_connection, (address, port), CONNECT_TIMEOUT_S)
        except OSError as error:
            said = one_line(error)
    raise DeliveryFailed(f"{host} port {port} takes no connection: {said}.")


class _CheckedSmtp(smtplib.SMTP):
    """Talks over a connection that is there already, to a server whose certificate must bear the configured name."""

    def __init__(self, connection: socket.socket, host: str, port: int) -> None:
        self._checked = connection
        super().__init__(host, port, timeout=ANSWER_TIMEOUT_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """What smtplib calls to connect."""
        return self._checked


def _talk(connection: socket.socket, mail: EmailMessage, config: Mapping[str, Any]) -> _Refused:
    host, security = str(config["host"]), config["security"]
    connection.settimeout(ANSWER_TIMEOUT_S)
    tls = tls_context()
    if security == "tls":
        connection = tls.wrap_socket(connection, server_hostname=host)
    server = _CheckedSmtp(connection, host, int(config["port"]))
    try:
        if security == "starttls":
            server.starttls(context=tls)
        if config.get("username"):
            server.login(config["username"], config.get("password") or "")
        return server.send_message(mail, config["sender"], config["recipients"])
    finally:
        with suppress(smtplib.SMTPException, OSError):
            server.quit()  # the answer to it no longer matters
        server.close()


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return one_line(f"{error.smtp_code} {text}")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _refused(error.recipients)
    return one_line(error) or type(error).__name__


def _refused(refused: _Refused) -> str:
    names = [
        f"{one_line(name)} ({code} {one_line(said.decode(errors='replace'))})" for name, (code, said) in refused.items()
    ]
    return "it refuses " + ", ".join(names)
