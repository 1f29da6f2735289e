"""Sends one due message over its channel, whatever kind that is."""

import time
from dataclasses import dataclass

import orjson

from tool_errors.delivery.email import email_of, send_email
from tool_errors.delivery.failures import DeliveryFailed
from tool_errors.delivery.http_post import post
from tool_errors.delivery.message import message_of
from tool_errors.delivery.slack import slack_body
from tool_errors.delivery.ssrf import Targets
from tool_errors.delivery.teams import teams_body
from tool_errors.delivery.webhook import SIGNATURE_HEADER, signature, webhook_body
from trace_store.alerts.outbox import DueDelivery
from trace_store.model import DEFAULT_PROJECT

DELIVERY_HEADER = "Rainbarrel-Delivery"


@dataclass(frozen=True, slots=True)
class Sender:
    """Knows what links begin with, and where channels may send to."""

    public_url: str
    targets: Targets

    async def send(self, due: DueDelivery) -> str:
        """Returns once the endpoint has taken the message: "", or a note; DeliveryFailed says why it did not."""
        message, config = message_of(due.subject, project_url(self.public_url, due.project)), due.config
        if due.channel_kind == "email":
            return await send_email(email_of(due, message), config, self.targets)
        headers = {DELIVERY_HEADER: str(due.delivery_id), "user-agent": "Rainbarrel"}
        if due.channel_kind == "slack":
            body = orjson.dumps(slack_body(message))
        elif due.channel_kind == "teams":
            body = orjson.dumps(teams_body(message))
        elif due.channel_kind == "webhook":
            body = webhook_body(due, message)
            headers[SIGNATURE_HEADER] = signature(config["secret"], int(time.time()), body)
        else:
            raise DeliveryFailed(f"This version of Rainbarrel knows no channels of kind {due.channel_kind!r}.")
        await post(config["url"], body, headers, self.targets)
        return ""


def project_url(public_url: str, project: str) -> str:
    """What the addresses of a project's pages begin with; "" without `public_url`."""
    return f"{public_url}/projects/{project}" if public_url and project != DEFAULT_PROJECT else public_url
