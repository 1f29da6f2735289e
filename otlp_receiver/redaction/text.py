"""Replaces what rules find in one text, which is handled as UTF-8 bytes throughout.

What a rule leaves behind (`[email]`, `[email:3f9a2c1b04d7]`) is never looked at again, so that redacting twice is the
same as redacting once. A text that is JSON is read as such: a match neither misses what is escaped nor
breaks it, and a number becomes a string.
"""

import hashlib
import hmac
import json
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence

import orjson
import re2

from otlp_receiver.redaction.built_in import BUILT_IN
from otlp_receiver.redaction.fields import keys_to_look_for
from otlp_receiver.redaction.hints import Hints
from otlp_receiver.redaction.rules import RedactionRule, compile_pattern

HASH_BYTES = 6  # 48 bits: a million values of one rule are told apart but for a chance of 1 in 500
WORK_S_MAX = 1.0  # of the processor, per rule and request: what is left then is replaced whole
_MATCHES_PER_LOOK = 256  # at the clock
_PASSES_MAX = 32
_ESCAPE = re.compile(rb"u[0-9A-Fa-f]{4}|[bfnrtu]")  # of JSON, after its backslash
_JSON_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*', re.DOTALL)
_JSON_BEGINS = (b"{", b"[", b'"')

Clock = Callable[[], float]
Observer = Callable[[str, bytes, bytes], object]  # the field, the text before and after


class Spent:
    """What the rules found in one request, and how long they looked."""

    def __init__(self, clock: Clock = time.thread_time) -> None:
        self.counts: Counter[str] = Counter()  # replacements by the name of the rule
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.clock = clock
        self.observe: Observer | None = None  # sees every text that is changed


class CompiledRule:
    """A rule that can be applied."""

    def __init__(self, rule: RedactionRule, project_id: int, secret: bytes) -> None:
        built_in = BUILT_IN.get(rule.name) if rule.pattern is None else None
        self.rule = rule
        self.name = rule.name
        self.fields = frozenset(rule.fields)
        self.keys = keys_to_look_for(self.fields)
        self._regexp = re2.compile(built_in.pattern) if built_in else compile_pattern(rule.name, rule.pattern or "")
        self._group = 1 if self._regexp.groups else 0
        self._parts = built_in.parts if built_in else None
        self._canonical = built_in.canonical if built_in else bytes
        self._secret = secret if rule.action == "hash" else b""
        self._place = b"%d %s " % (project_id, rule.name.encode())

    def finds(self, text: bytes) -> bool:
        """Whether it may have something to replace; cheap."""
        return self._regexp.search(text) is not None

    def replace(self, text: bytes, known: "re.Pattern[bytes]", spent: Spent) -> bytes:
        """The text with every match replaced; the same object without any. `known` finds what rules left behind."""
        if spent.seconds[self.name] > WORK_S_MAX and self.finds(text):
            spent.counts[self.name] += 1
            return self.instead_of(text)
        began = spent.clock()
        kept = deque(found.span() for found in known.finditer(text))
        pieces: list[bytes] = []
        end = 0
        for number, found in enumerate(self._regexp.finditer(text), 1):
            if number % _MATCHES_PER_LOOK == 0 and spent.seconds[self.name] + spent.clock() - began > WORK_S_MAX:
                pieces += (text[end : found.start()], self.instead_of(text[found.start() :]))
                spent.counts[self.name] += 1
                end = len(text)
                break
            where = self._where(found, text)
            for start, stop in (where,) if self._parts is None else self._parts(text, *where):
                while kept and kept[0][1] <= start:
                    kept.popleft()
                if start >= stop or (kept and kept[0][0] <= start and stop <= kept[0][1]):
                    continue
                pieces += (text[end:start], self.instead_of(text[start:stop]))
                spent.counts[self.name] += 1
                end = stop
        spent.seconds[self.name] += spent.clock() - began
        return b"".join((*pieces, text[end:])) if pieces else text

    def instead_of(self, found: bytes) -> bytes:
        """What stands where this was found."""
        if not self._secret:
            return b"[%s]" % self.name.encode()
        digest = hmac.digest(self._secret, self._place + self._canonical(found), hashlib.sha256)[:HASH_BYTES]
        return b"[%s:%s]" % (self.name.encode(), digest.hex().encode())

    def _where(self, found: "re2._Match", text: bytes) -> tuple[int, int]:
        """Where the replaced part lies; it does not begin within an escape of JSON."""
        start, stop = found.span(self._group)
        if start < 0:
            start, stop = found.span()
        if text[start - 1 : start] == b"\\" and start and (escape := _ESCAPE.match(text, start, stop)):
            start = escape.end()
        return start, stop


class TextRedactor:
    """Applies some rules of a project, in their order, to texts."""

    def __init__(self, rules: Sequence[CompiledRule], known: "re.Pattern[bytes]") -> None:
        self.rules = tuple(rules)
        self._hints = Hints(rule.rule for rule in rules)
        self._known = known

    def redact(self, text: bytes, spent: Spent) -> bytes:
        """The text without what the rules find; the same object when they find nothing."""
        if not self._hints.may_find(text):
            return text
        if text.lstrip()[:1] in _JSON_BEGINS and _is_json(text):
            text = self._inside_json(text, spent)
        return self._plain(text, spent)  # of JSON: what a pattern finds across its values

    def _plain(self, text: bytes, spent: Spent) -> bytes:
        """Until nothing is found: what was replaced may have hidden where the next match begins."""
        for _ in range(_PASSES_MAX):
            before = text
            for rule in self.rules:
                if rule.finds(text):
                    text = rule.replace(text, self._known, spent)
            if text is before or not self._hints.may_find(text):
                break
        return text

    def _inside_json(self, text: bytes, spent: Spent) -> bytes:
        """Each string as it reads without its escapes, each number as a text; all else stays as it is written."""
        pieces: list[bytes] = []
        end = 0
        for token in _JSON_TOKEN.finditer(text):
            raw = token[0]
            value = raw[1:-1] if raw[:1] == b'"' else raw
            if b"\\" in value:
                value = json.loads(raw).encode("utf-8", "surrogatepass")
            new = self.redact(value, spent)
            if new is not value:
                is_ascii = raw.isascii()
                pieces += (text[end : token.start()], json.dumps(_decoded(new), ensure_ascii=is_ascii).encode())
                end = token.end()
        return b"".join((*pieces, text[end:])) if pieces else text


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "surrogatepass")


def left_behind(names: Sequence[str]) -> "re.Pattern[bytes]":
    """Finds what rules of these names leave."""
    any_name = b"|".join(re.escape(name.encode()) for name in names)
    return re.compile(rb"\[(?:%s)(?::[0-9a-f]{%d})?\]" % (any_name, 2 * HASH_BYTES))


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
