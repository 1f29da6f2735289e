"""Requests of Raindrop's own SDKs as they were recorded: one JSON line each, in the order in which they came."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "fixtures" / "raindrop"
CLIENTS = ("python", "javascript")


@dataclass(frozen=True)
class Recorded:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


def recorded(client: str) -> list[Recorded]:
    lines = (FOLDER / f"{client}.jsonl").read_text().splitlines()
    return [Recorded(line["path"], line["headers"], base64.b64decode(line["body"])) for line in map(json.loads, lines)]
