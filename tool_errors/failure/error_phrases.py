"""Texts that begin as the errors of programs, SDKs and shells do: what each form looks like, and where its message is.

Every form is matched at the start of a short text. A form that an article could begin with as well carries its own
guard, such as the end of the line.
"""

import re
from typing import NamedTuple

from tool_errors.failure.error_text import ErrorText, take_apart

REASONS = (
    r"(?:Bad Request|Unauthorized|Payment Required|Forbidden|Not Found|Method Not Allowed|Not Acceptable"
    r"|Request Timeout|Conflict|Gone|Unprocessable (?:Entity|Content)|Too Many Requests|Internal (?:Server )?Error"
    r"|Not Implemented|Bad Gateway|Service (?:Temporarily )?Unavailable|Gateway Time-?out)"
)
REASON = re.compile(rf"{REASONS}\.?", re.IGNORECASE)
_VERBS = (
    r"(?:apply|authenticate|build|call|compile|connect|create|decode|delete|download|edit|execute|fetch|find|get|install"
    r"|invoke|load|open|parse|process|query|read|resolve|retrieve|run|save|search|send|start|update|upload|write)"
)
_OS_ERRORS = (
    r"(?:command not found|No such file or directory|Permission denied|Not a directory|Is a directory"
    r"|Operation not permitted|No space left on device|syntax error near unexpected token \S+)"
)
_NEVER = r"(?:no|none|nothing|never|not|only|when|if|until|unless|why|how|what)\b|.{1,80}\b(?:not|never|none|nor|or)\b"


class ErrorPhrase(NamedTuple):
    """One form of error text."""

    of: str  # who writes it
    pattern: re.Pattern[str]  # groups `type` and `message` where the form has them


def _phrase(of: str, pattern: str, flags: int = 0) -> ErrorPhrase:
    return ErrorPhrase(of, re.compile(pattern, flags))


PHRASES: tuple[ErrorPhrase, ...] = (
    # Agent frameworks, protocols and editors.
    _phrase("MCP", r"MCP error -?\d+: (?P<message>\S.{0,2000})", re.DOTALL),
    _phrase("MCP", r"Unknown tool: ['\"]?[\w.\-]+['\"]?\s*$"),
    _phrase(
        "CrewAI", r"(?:Tool|Function) ['\"`]?[\w.\- ]{1,80}['\"`]? (?:not found|does not exist|is not available)\b"
    ),
    _phrase("LangChain", r".{1,100} is not a valid tool, try one of \["),
    _phrase("CrewAI", r"Action '.{1,500}' don't exist, these are the only available Actions"),
    _phrase(
        "CrewAI",
        r"I encountered an error while trying to use the tool\. This was the error: (?P<message>.{1,2000}?)\.?\n Tool ",
        re.DOTALL,
    ),
    _phrase("CrewAI", r"I encountered an error while trying to use the tool"),
    _phrase("Claude Code", r"<tool_use_error>(?P<message>[^<]{1,2000})"),
    _phrase("Playwright MCP", r"### (?:Result\s{1,3})?Error\b:?\s{0,3}(?P<message>\S.{0,2000})", re.DOTALL),
    _phrase("editors", r"(?:String to replace|old_?string) not found in file", re.IGNORECASE),
    _phrase("editors", r"Could not find (?:oldString|old_string|the exact text)\b"),
    _phrase("Cline", r"\w+ tried to use \w+ without value for required parameter"),
    _phrase("smolagents", r"Code execution failed at line '.{1,500}?' due to: (?P<message>\S.{0,2000})", re.DOTALL),
    _phrase("Pydantic AI", r"(?P<message>\S.{0,2000}?)\s{1,4}Fix the errors and try again\.\s*$", re.DOTALL),
    # Validation of arguments.
    _phrase("pydantic", r"\d+ validation errors?(?: for [\w.\[\], ]{1,100})?:?\n"),
    _phrase("jsonschema", r"(?P<message>.{1,500})\n\nFailed validating '"),
    _phrase("botocore", r"Parameter validation failed:\n"),
    _phrase("servers", r"(?:missing|invalid|unknown) (?:required )?(?:parameter|argument|field)s?: ?.{1,100}$"),
    # HTTP clients and SDKs.
    _phrase("OpenAI, Anthropic", r"Error code: [45]\d\d\b(?: - (?P<message>\S.{0,2000}))?", re.DOTALL),
    _phrase("requests", r"[45]\d\d (?:Client|Server) Error: "),
    _phrase("httpx", r"(?:Client|Server|Redirect) error '[345]\d\d "),
    _phrase("axios", r"Request failed with status code [45]\d\d"),
    _phrase("Google", r"[45]\d\d (?P<type>[A-Z][A-Z_]{3,40})\. (?P<message>\{.{1,2000})", re.DOTALL),
    _phrase(
        "botocore",
        r"An error occurred \((?P<type>[\w.]+)\) when calling the \w+ operation[^:\n]{0,80}: (?P<message>\S.{0,2000})",
        re.DOTALL,
    ),
    _phrase("botocore", r"(?P<message>Unable to locate credentials)"),
    _phrase("Slack", r"The request to the \w+ API failed\."),
    _phrase("urllib3", r"HTTPS?ConnectionPool\(host="),
    _phrase("aiohttp", r"Cannot connect to host \S"),
    _phrase("redis", r"Error -?\d+ (?:while )?connecting to \S"),
    _phrase("servers", rf"(?:HTTP |Error |HTTP Error )?[45]\d\d[: ]{{1,2}}{REASONS}\.?\s*(?:$|[:\-{{])", re.IGNORECASE),
    _phrase("servers", r"(?:API )?rate limit (?:exceeded|reached)(?:[.!:]| for) ?.{0,200}$", re.IGNORECASE),
    _phrase("servers", r"(?:connection|request|read|operation) (?:refused|timed out|reset by peer)\b.{0,100}$", re.I),
    _phrase(
        "servers", rf"(?!{_NEVER})(?:[a-z][\w\-]*,? ){{1,6}}timed out(?: after \d[\d.]* ?\w{{1,12}})?\.?\s*$", re.I
    ),
    # Shells, system calls, programs.
    _phrase("curl", r"curl: \(\d+\) \S"),
    _phrase("npm", r"npm (?:error|ERR!) \S"),
    _phrase("shells", rf"(?:[\w./\-]{{1,80}}: ){{1,3}}(?:line \d+: )?[^\n]{{0,200}}?{_OS_ERRORS}\s*(?:$|\n)"),
    _phrase("shells", r"(?:/bin/)?(?:ba|da|k|z)?sh: (?:line )?\d*:? ?\S{1,100}: not found"),
    _phrase("programs", r"[\w.\-]{1,40}: error: \S"),
    _phrase("Python", r"\[(?:Errno|WinError) -?\d+\] \S"),
    _phrase("SQLAlchemy", r"\((?P<type>(?:\w+\.){1,4}\w*(?:Error|Exception))\) (?P<message>\S[^\n]{0,2000})"),
    _phrase("Python", r"Command .{1,500} returned non-zero exit status \d+"),
    _phrase("Java", r"Exception in thread \"[^\"]{1,100}\" (?P<message>\S.{0,2000})", re.DOTALL),
    _phrase("Go", r"panic: (?P<message>[^\n]{1,2000})(?:\s*$|\n\n?(?:goroutine|\[signal))"),
    _phrase("Rust", r"thread '[^']{0,100}'(?: \(\d+\))? panicked at [^\n]{1,200}\n(?P<message>[^\n]{1,2000})"),
    _phrase("PostgreSQL", r"(?:ERROR|FATAL|PANIC):  (?P<message>\S[^\n]{0,2000})"),
    _phrase("tools", rf"(?:Failed|Unable) to {_VERBS}\b[^\n]{{0,300}}(?:$|\n)"),
    # Pages and documents that a proxy or a server sends instead of an answer.
    _phrase(
        "proxies",
        rf"(?:<!DOCTYPE html[^>]{{0,200}}>\s{{0,40}})?<html[^>]{{0,200}}>.{{0,1500}}?<title>(?:[^<|]{{1,200}}\| )?"
        rf"(?P<message>[45]\d\d[: ]{{1,2}}{REASONS})\s{{0,40}}</title>",
        re.DOTALL | re.IGNORECASE,
    ),
    _phrase(
        "S3",
        r"(?:<\?xml[^>]{0,200}>\s{0,40})?<Error[^>]{0,200}>\s{0,40}<Code>(?P<type>[^<]{1,200})</Code>\s{0,40}"
        r"<Message>(?P<message>[^<]{1,2000})",
    ),
    _phrase(
        "SOAP",
        r"(?:<\?xml[^>]{0,200}>\s{0,40})?<[\w\-]{1,40}:Envelope.{0,1500}?<(?:[\w\-]{1,40}:)?Fault\b.{0,500}?"
        r"<faultcode[^>]{0,200}>(?P<type>[^<]{1,200})</faultcode>\s{0,40}<faultstring[^>]{0,200}>(?P<message>[^<]{1,2000})",
        re.DOTALL,
    ),
)


def error_phrase(text: str) -> ErrorText | None:
    """Type and message of a text that begins with one of the forms; None when it begins with none."""
    text = text.strip()
    for phrase in PHRASES:
        match = phrase.pattern.match(text)
        if match is None:
            continue
        groups = match.groupdict()
        parts = take_apart(groups.get("message") or text)
        return ErrorText(groups.get("type") or parts.type, parts.message)
    return None
