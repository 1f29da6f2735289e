"""OTLP/JSON as senders write it: the spec's own form, and the same values in the forms that real senders use."""

import base64
import random
import re
from collections.abc import Callable
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

ID_NAMES = {"traceId", "spanId", "parentSpanId"}
ENUM_NAMES: dict[str, list[str]] = {
    "kind": [f"SPAN_KIND_{name}" for name in ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")],
    "code": [f"STATUS_CODE_{name}" for name in ("UNSET", "OK", "ERROR")],
}


def otlp_json(message: Message) -> dict[str, Any]:
    """The JSON form that the specification asks for: hex ids, enum numbers."""
    value = MessageToDict(message, use_integers_for_enums=True)
    found: dict[str, Any] = _walk(value, lambda name, item: base64.b64decode(item).hex() if name in ID_NAMES else item)
    return found


def disguised(value: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same request in a random mix of the forms that senders write: nothing of its meaning changes."""
    chance = random.Random(seed)

    def change(name: str, item: Any) -> Any:
        forms = [item]
        if name in ID_NAMES and item:
            raw = bytes.fromhex(item)
            forms += [item.upper(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode().rstrip("=")]
        elif name == "intValue" or name.endswith("UnixNano"):
            forms.append(int(item))
            if abs(int(item)) < 2**53:
                forms += [float(item), f"{item}.0"]
        elif name == "bytesValue":
            forms.append(item.rstrip("="))
        elif name in ENUM_NAMES:
            named = ENUM_NAMES[name][item]
            forms += [str(item), named, named.rpartition("_")[2], named.rpartition("_")[2].lower()]
        return chance.choice(forms)

    found: dict[str, Any] = _rename(_walk(value, change), chance)
    return found


def _walk(value: Any, change: Callable[[str, Any], Any], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _walk(item, change, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_walk(item, change, name) if isinstance(item, dict | list) else item for item in value]
    return change(name, value)


def _rename(value: Any, chance: random.Random) -> Any:
    """Some names in snake_case, some unknown fields, some nulls where a field could stand."""
    if isinstance(value, list):
        return [_rename(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    renamed: dict[str, Any] = {"unknownField": {"anything": [1, None]}} if chance.random() < 0.3 else {}
    for key, item in value.items():
        name = re.sub("[A-Z]", lambda found: "_" + found[0].lower(), key) if chance.random() < 0.3 else key
        renamed[name] = _rename(item, chance)
    for absent in ("schemaUrl", "stringValue", "traceState", "attributes", "events"):
        if absent not in value and chance.random() < 0.1:
            renamed[absent] = None
    return renamed
