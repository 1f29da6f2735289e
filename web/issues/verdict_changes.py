"""What people say of findings: from JSON or a form into the store, with a sentence for what cannot be."""

from collections.abc import Mapping
from typing import Any

from trace_store.lists.verdicts import say, take_back
from trace_store.stored import TraceKey
from web.context import WebContext
from web.issues.verdict_view import NOT_A_LOOP, NOT_AN_ERROR, WRONG_MATCH
from web.requests.errors import BadRequest, NotFound

VERDICTS = {  # by what the finding's key begins with
    "call": ("right", NOT_AN_ERROR),
    "loop": ("right", NOT_A_LOOP),
    "signal": ("right", WRONG_MATCH),
}
FIELDS = ("verdict", "note", "by", "of_issue")
NOTE_CHARS_MAX, BY_CHARS_MAX = 1000, 200


async def save_verdict(context: WebContext, trace: TraceKey, finding_key: str, said: Mapping[str, Any]) -> None:
    """Keeps a verdict; BadRequest or NotFound when it cannot be."""
    if unknown := [name for name in said if name not in FIELDS]:
        raise BadRequest(f"{', '.join(unknown)} is not known here; send {', '.join(FIELDS)}.")
    key, verdict = finding_key.replace("\0", ""), said.get("verdict")
    allowed = VERDICTS.get(key.partition(":")[0], ())
    if allowed and verdict not in allowed:
        raise BadRequest(f"verdict={verdict} cannot be said of {key.partition(':')[0]}s: say {' or '.join(allowed)}.")
    is_of_issue = said.get("of_issue", False)
    if not isinstance(is_of_issue, bool):
        raise BadRequest("of_issue is true or false: whether every finding of the same issue is meant.")
    if is_of_issue and key.startswith("signal:"):
        raise BadRequest(
            "of_issue is said of failures and loops; a signal that is wrong altogether can be switched off."
        )
    note, by = _text(said, "note", NOTE_CHARS_MAX), _text(said, "by", BY_CHARS_MAX)
    async with context.reader.freely_planned() as connection:
        if not allowed or not await say(
            connection, trace, key, str(verdict), note=note, said_by=by, is_of_issue=is_of_issue
        ):
            raise NotFound(f"Trace {trace.trace_id.hex()} has no finding {key}: keys are call:…, loop:… and signal:….")


async def forget_verdict(context: WebContext, trace: TraceKey, finding_key: str, *, is_of_issue: bool = False) -> None:
    """Forgets what was said of a finding, with `is_of_issue` also of all like it; NotFound when nothing was said."""
    key = finding_key.replace("\0", "")
    async with context.reader.freely_planned() as connection:
        if not await take_back(connection, trace, key, is_of_issue=is_of_issue):
            raise NotFound(f"Nobody has said anything of {key} in trace {trace.trace_id.hex()}.")


def _text(said: Mapping[str, Any], name: str, chars_max: int) -> str:
    value = said.get(name) or ""
    if not isinstance(value, str) or len(value) > chars_max:
        raise BadRequest(f"{name} is a text of at most {chars_max:,} characters.")
    return value.strip().replace("\0", "").replace("\r\n", "\n")
