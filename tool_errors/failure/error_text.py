"""Takes an error text apart: exception class, the original message, and what frameworks put around it.

Nothing here decides whether a text is an error; see tool_errors/failure/payload_rules.py for that.
"""

import hashlib
import re
from typing import NamedTuple

from trace_store.attributes import parse_text

MESSAGE_BYTES_MAX = 4096
READ_CHARS_MAX = 100_000  # of an error text: what lies behind is dump, and not shown

_CLASS = r"(?:[A-Za-z_]\w*\.)*_?[A-Z]\w*(?:Error|Exception|Failure|Fault|Timeout|Exit|Interrupt|Warning)"
_TYPED = re.compile(rf"(?P<type>{_CLASS})(?: \[[^\]\n]{{1,80}}\])?:\s+(?P<message>\S.*)", re.DOTALL)
_REPR = re.compile(rf"(?P<type>{_CLASS})\((?P<quote>['\"])(?P<message>.*?)(?P=quote),?\)", re.DOTALL)
_BARE = re.compile(
    r"(?:error|exception|fatal|fatal error|\[error\])\s*:\s*(?P<message>\S.*)", re.DOTALL | re.IGNORECASE
)
_TRACEBACK = "Traceback (most recent call last):"
_STACK_LINE = re.compile(
    r"\n[ \t]*(?:at \S[^\n]*[:(]|File \"|Traceback \(most recent call last\):|stack backtrace:"
    r"|goroutine \d+ \[|Call log:|\[SQL: |\.\.\. \d+ more\b)"
)
_CLASS_REPR = re.compile(r"^<class '(?P<name>[^']+)'>$")
# "Error executing tool lookup: text", "Error invoking tool 'lookup' with kwargs {...} with error:\n text".
_RUNNING = re.compile(
    r"(?:an )?(?:error|exception) (?:occurred )?(?:while |when |in |during )?"
    r"(?:execut|runn|invok|call|us|process|handl)ing (?:the )?(?:tool|function)\b(?P<rest>.*)",
    re.DOTALL | re.IGNORECASE,
)
_AFTER_RUNNING = re.compile(r"(?:.*?\berror:\s+|[^:\n]{0,200}?:\s+)(?P<message>[^\s{\[].*)", re.DOTALL | re.IGNORECASE)
_ADVICE = re.compile(
    r"\s{0,8}(?:Please fix (?:your mistakes|the error and try again)|Fix the errors and try again)\.?\s*$",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"(?:an? )?(?:(?:internal|unknown|unexpected) )?(?:tool |function |command )?"
    r"(?:call |execution )?(?:error|exception|failure|failed)(?: occurred)?"
    r"(?: (?:while |when )?(?:execut|runn|invok|call)ing (?:the )?(?:tool|function)(?: ['\"`]?[\w.\-/]+['\"`]?)?)?"
    r"(?: \(non-fatal\))?(?:\. please try again)?\.?"
    r"|\w*error",  # a code: TOOL_ERROR
    re.IGNORECASE,
)


class ErrorText(NamedTuple):
    """An error text in its parts."""

    type: str  # "" when the text names none
    message: str


def take_apart(text: str) -> ErrorText:
    """Separate type, message and stack of an error text; a text of another form is its own message."""
    text = text.strip()[:READ_CHARS_MAX]
    if text.startswith(_TRACEBACK):
        text = _last_statement(text)
    else:
        text = _STACK_LINE.split(text, maxsplit=1)[0].strip() or text
    text = _ADVICE.sub("", text)
    running = _RUNNING.match(text)
    if running and (after := _AFTER_RUNNING.match(running["rest"])):
        text = after["message"]
    found = ""
    for _ in range(3):  # "Error: ValueError: text"
        typed = _TYPED.match(text) or _REPR.match(text)
        if typed:
            found, text = typed["type"], typed["message"]
        elif bare := _BARE.match(text):
            text = bare["message"]
        else:
            break
    return ErrorText(found, text.strip())


def without_report(message: str) -> str:
    """The text of `error` where a message is "Error running tool ...: " and an object that holds it; else the message.

    For comparisons: a person is shown the whole message.
    """
    running = _RUNNING.match(message)
    if running is None:
        return message
    found = parse_text(running["rest"].partition(":")[2].strip())
    held = found.get("error") if isinstance(found, dict) else None
    return held if isinstance(held, str) and held else message


def _last_statement(traceback: str) -> str:
    """The line of a Python traceback that names the exception, with what follows it."""
    lines = traceback.splitlines()
    for index in range(len(lines) - 1, 0, -1):
        if lines[index][:1].strip() and _TYPED.match(lines[index]):
            return "\n".join(lines[index:])
    return lines[-1].strip()


def short_type(error_type: str) -> str:
    """The class name alone: without module, and without the `<class '...'>` that some senders write."""
    repr_match = _CLASS_REPR.match(error_type)
    name = repr_match["name"] if repr_match else error_type
    return name.rsplit(".", 1)[-1] if re.fullmatch(r"[\w.]+", name) else name


def is_generic(message: str) -> bool:
    """Whether a message only says that something failed, so that any other text for the same failure tells more."""
    return not message or _GENERIC.fullmatch(message.strip()) is not None


def bounded_message(message: str) -> str:
    """The message, or its first 4 KiB with the full length and digest of what was left out."""
    raw = message.encode("utf-8", "replace")
    if len(raw) <= MESSAGE_BYTES_MAX:
        return message
    head = raw[: MESSAGE_BYTES_MAX - 64].decode("utf-8", "ignore")
    return f"{head} [cut: {len(raw)} bytes, sha256 {hashlib.sha256(raw).hexdigest()[:16]}]"
