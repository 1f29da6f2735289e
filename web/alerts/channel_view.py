"""Channels and deliveries as pages, the API and commands show them: without any secret."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tool_errors.delivery.channel_config import shown_config
from tool_errors.delivery.message import message_of
from trace_store.alerts.channels import Channel
from trace_store.alerts.outbox import Delivery

DELIVERIES_MAX = 50


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A line of the list of deliveries."""

    delivery_id: str
    channel_id: int
    channel_name: str
    kind: str
    title: str
    state: str  # delivered, waiting or failed
    attempts: int
    said: str  # by the endpoint, or of it
    created_unix_nano: int
    next_attempt_unix_nano: int  # 0: none


def channel_json(channel: Channel) -> dict[str, Any]:
    """A channel for the API."""
    return {
        "id": channel.channel_id,
        "kind": channel.kind,
        "name": channel.name,
        "leads_to": shown_config(channel),
        "breaker_iterations": channel.notices.breaker_iterations,
        "digest_hour": channel.notices.digest_hour,
        "digest_time_zone": channel.notices.digest_time_zone,
        "created_at": channel.created_at,
    }


def delivery_view(delivery: Delivery) -> DeliveryView:
    """A delivery in words."""
    state = "delivered" if delivery.delivered_at else "failed" if delivery.failed_at else "waiting"
    waits = state == "waiting" and delivery.next_attempt_at is not None
    return DeliveryView(
        str(delivery.delivery_id),
        delivery.channel_id,
        delivery.channel_name,
        delivery.kind,
        message_of(delivery.subject, "").title,
        state,
        delivery.attempts,
        delivery.last_error or "",
        _nanoseconds(delivery.created_at),
        _nanoseconds(delivery.next_attempt_at) if waits and delivery.next_attempt_at else 0,
    )


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """A delivery for the API."""
    view = delivery_view(delivery)
    return {
        "id": view.delivery_id,
        "channel_id": view.channel_id,
        "channel": view.channel_name,
        "kind": view.kind,
        "title": view.title,
        "state": view.state,
        "attempts": view.attempts,
        "last_error": delivery.last_error,
        "created_at": delivery.created_at,
        "delivered_at": delivery.delivered_at,
        "failed_at": delivery.failed_at,
        "next_attempt_at": delivery.next_attempt_at,
    }


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6) * 1000
