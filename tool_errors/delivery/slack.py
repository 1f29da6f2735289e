"""Slack: a message of blocks for an incoming webhook.

Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, https://docs.slack.dev/reference/block-kit
"""

from typing import Any

from tool_errors.delivery.message import Line, Message, clip

SECTION_CHARACTERS_MAX = 3000  # limit of Slack


def slack_body(message: Message) -> dict[str, Any]:
    """The body of the POST; `text` is what notifications show."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": message.title, "emoji": False}}
    ]
    if message.what:
        blocks.append(_section(_escaped(message.what)))
    if message.facts:
        fields = [{"type": "mrkdwn", "text": f"*{name}*\n{_escaped(value)}"} for name, value in message.facts]
        blocks.append({"type": "section", "fields": fields})
    for section in message.sections:
        lines = [f"*{_escaped(section.heading)}*", *(f"• {_line(line)}" for line in section.lines)]
        blocks.append(_section("\n".join(lines)))
    if message.look_at:
        blocks.append(_section(f"*Look at*\n{_escaped(message.look_at)}"))
    return {"text": _escaped(message.title), "blocks": blocks, "unfurl_links": False}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": clip(text, SECTION_CHARACTERS_MAX)}}


def _line(line: Line) -> str:
    text = _escaped(line.text)
    return f"<{line.url}|{text.replace('|', '¦')}>" if line.url else text


def _escaped(text: str) -> str:
    """The three signs with a meaning; without them nobody's text can mention a channel or make a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
