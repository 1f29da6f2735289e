"""Signs of progress between repeats: a call that changes something, and a result that says "still under way".

No list of tools: the verb in a tool's name, the names of its arguments, and what a shell command does.
"""

import re

from tool_errors.findings import ToolCall
from tool_errors.loop.call_signature import names

_WRITING = names(
    """
        edit write patch update apply create insert replace delete remove put save add append install fix
        commit modify move rename upload configure upsert push overwrite
    """
)
_NOTES = names(
    """
        todo todos plan plans note notes memory memories thought thoughts log event metric
    """
)
_NAME_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_WRITING_KEYS = re.compile(
    r'"(?:old_?str(?:ing)?|new_?str(?:ing)?|old_?text|new_?text|file_?text|patch|diff|insert_?text|replacement)":',
    re.IGNORECASE,
)
_SHELL_KEYS = re.compile(r'"(?:command|cmd|script|code|input|commands)":', re.IGNORECASE)
_SHELL_WRITES = re.compile(
    r"\b(?:sed\s+(?:-\w+\s+)*-i|tee|mv|cp|rm|mkdir|touch|patch|chmod|chown|truncate|ln)\b"
    r"|\bgit\s+(?:commit|checkout|apply|stash|merge|pull|reset|add|rebase|switch|restore)\b"
    r"|\b(?:pip3?|npm|pnpm|yarn|apt|apt-get|brew|cargo|go|uv|poetry|gem|conda)\s+(?:install|add|get|remove|uninstall|i)\b"
    r"|(?:^|[^0-9&>=<-])>{1,2}\s*[\w/.$~\"'-]|\bwrite_text\(|\.write\(|\bapply_patch\b"
)


def writes(call: ToolCall) -> bool:
    """Whether a call looks like one that changes files, data or settings.

    By the verb in the name of its tool, the names of its arguments, or its shell command. Notes that an agent makes for
    itself change nothing.
    """
    parts = {part.lower() for part in _NAME_PARTS.findall(call.name)}
    if parts & _NOTES:
        return False
    if parts & _WRITING:
        return True
    text = "" if call.arguments is None else call.arguments.preview
    if _WRITING_KEYS.search(text):
        return True
    is_shell = not text.startswith("{") or _SHELL_KEYS.search(text) is not None
    return is_shell and _SHELL_WRITES.search(text) is not None


_WAITING = re.compile(
    r"(?:pending|running|queued|in[ _-]?progress|processing|waiting|building|scheduled|starting|started|submitted|"
    r"not[ _-](?:yet[ _-])?(?:ready|finished|done|complete|completed)|still \w+ing|please wait|incomplete)",
    re.IGNORECASE,
)
_NOT_YET = re.compile(r"\bnot (?:yet )?(?:ready|finished|done|complete)", re.IGNORECASE)
_STATE = re.compile(r'"(?:status|state|phase|job_?status|stage)":\s*"([^"]{1,40})"', re.IGNORECASE)
_SHORT = 80


def is_waiting(call: ToolCall) -> bool:
    """Whether the outcome says that something is still under way."""
    if call.failed:
        return len(call.verdict.message) <= _SHORT and _NOT_YET.search(call.verdict.message) is not None
    text = "" if call.result is None else call.result.preview
    if state := _STATE.search(text):
        return _WAITING.fullmatch(state[1].strip()) is not None
    return len(text) <= _SHORT and _WAITING.search(text) is not None
