"""The generic webhook: JSON, signed with HMAC-SHA256. What receivers rely on stands in docs/webhooks.md."""

import hashlib
import hmac
from dataclasses import asdict
from typing import Any

import orjson

from tool_errors.delivery.message import Message
from trace_store.alerts.outbox import DueDelivery

SIGNATURE_HEADER = "Rainbarrel-Signature"


def webhook_body(due: DueDelivery, message: Message) -> bytes:
    """The body of the POST; the same bytes at every attempt."""
    body: dict[str, Any] = {
        "delivery_id": str(due.delivery_id),
        "kind": due.kind,
        "project_id": due.project_id,
        "created_at": due.created_at.isoformat(),
        "subject": due.subject,
        "message": asdict(message),
    }
    return orjson.dumps(body)


def signature(secret: str, timestamp_s: int, body: bytes) -> str:
    """The value of the header: `t=TIMESTAMP,v1=HEX`, HMAC-SHA256 with the secret over `TIMESTAMP.BODY`."""
    signed = hmac.new(secret.encode(), str(timestamp_s).encode() + b"." + body, hashlib.sha256)
    return f"t={timestamp_s},v1={signed.hexdigest()}"
