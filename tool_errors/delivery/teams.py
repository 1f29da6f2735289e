"""Microsoft Teams: an adaptive card for the webhook of a workflow ("When a Teams webhook request is received").

Source: https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook,
https://adaptivecards.io/explorer (version 1.4)
"""

import re
from typing import Any

from tool_errors.delivery.message import Line, Message

_MARKDOWN = re.compile(r"([\\`*_\[\]()#<>~])")


def teams_body(message: Message) -> dict[str, Any]:
    """The body of the POST."""
    body: list[dict[str, Any]] = [_text(message.title, size="Medium", weight="Bolder")]
    if message.what:
        body.append(_text(message.what))
    if message.facts:
        facts = [{"title": name, "value": _escaped(value)} for name, value in message.facts]
        body.append({"type": "FactSet", "facts": facts})
    for section in message.sections:
        body.append(_text(section.heading, weight="Bolder"))
        body.append({"type": "TextBlock", "wrap": True, "text": "\n".join(f"- {_line(it)}" for it in section.lines)})
    if message.look_at:
        body.append(_text(f"Look at: {message.look_at}"))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _text(text: str, **look: str) -> dict[str, Any]:
    return {"type": "TextBlock", "wrap": True, "text": _escaped(text), **look}


def _line(line: Line) -> str:
    return f"[{_escaped(line.text)}]({line.url})" if line.url else _escaped(line.text)


def _escaped(text: str) -> str:
    """Without markdown: nobody's text may become a link."""
    return _MARKDOWN.sub(r"\\\1", text)
