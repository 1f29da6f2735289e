"""The language of the query bar: `agent:support-agent -tool:refund duration>3s "exact words" other words`.

    query  = { term }
    term   = [ "-" ] field ":" value { "," value }     (any of the values)
           | [ "-" ] field ( ">" | ">=" | "<" | "<=" | "=" ) number
           | [ "-" ] text in double quotes
           | words                                      (contained as they stand)
    value  = a word, or anything in double quotes, in which \\" and \\\\ stand for " and \\

All terms hold. A word with a colon whose name is no field is a word like any other, unless it looks like a slip of
the pen. docs/query_bar.md has examples.
"""

import difflib
import re
from dataclasses import dataclass
from decimal import Decimal

from trace_store.exceptions import RainbarrelError
from trace_store.lists.trace_filter import Term
from web.query_bar.vocabulary import TRACES, Vocabulary

TEXT_CHARS_MAX = 2000
TERMS_MAX = 30
NUMBER_MAX = 2**63 - 1
_SCALES: dict[str, dict[str, int]] = {
    "duration": {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "": 10**9},
    "tokens": {"": 1, "k": 10**3, "m": 10**6},
    "cost": {"": 10**9},
}
_EXAMPLES = {"duration": "duration>3s", "tokens": "tokens>=10k", "cost": "cost>0.05"}
_HEAD = re.compile(r"(-?)([a-z][a-z_]*)(:(?:>=|<=|>|<|=)?|>=|<=|>|<|=)")
_NUMBER = re.compile(r"\$?([0-9]{1,19}(?:\.[0-9]{1,9})?)([a-z]*)", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r'[^\s,"]+')
_PLAIN = re.compile(r'[^\s,"<>=][^\s,"]*')  # not what begins like an operator, which may follow the colon


class BadQuery(RainbarrelError):
    """A query cannot be read; `position` is where, counted in characters from 1."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"Character {position} of the query: {what}.")
        self.position = position


@dataclass(frozen=True, slots=True)
class PlacedTerm:
    """A term and the part of the text that says it."""

    term: Term
    start: int
    end: int


def read_query(text: str, words: Vocabulary = TRACES) -> tuple[Term, ...]:
    """The terms of a query; BadQuery says which character does not fit and what may stand there."""
    return tuple(placed.term for placed in read_placed(text, words))


def read_placed(text: str, words: Vocabulary = TRACES) -> list[PlacedTerm]:
    """The terms of a query with their places. Raises BadQuery."""
    if len(text) > TEXT_CHARS_MAX:
        raise BadQuery(
            TEXT_CHARS_MAX + 1, f"at most {TEXT_CHARS_MAX:,} characters are read, and there are {len(text):,}"
        )
    found: list[PlacedTerm] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        term, end = _term(text, at, words)
        if _is_words(term, text, at) and found and _is_words(found[-1].term, text, found[-1].start):
            before = found.pop()  # words that stand together are looked for together
            term, at = Term("", (f"{before.term.values[0]} {term.values[0]}",)), before.start
        found.append(PlacedTerm(term, at, end))
        if len(found) > TERMS_MAX:
            raise BadQuery(at + 1, f"at most {TERMS_MAX} conditions are possible")
        at = end
    return found


def written(term: Term, words: Vocabulary = TRACES) -> str:
    """A term as the query bar writes it."""
    sign = "-" if term.is_excluded else ""
    if term.operator:
        return f"{sign}{term.field}{term.operator}{_number_text(term.field, term.number)}"
    if term.field:
        return f"{sign}{term.field}:{','.join(_value_text(value) for value in term.values)}"
    text = term.values[0]
    is_plain = not sign and text == " ".join(text.split()) and _reads_as_words(text, words)
    return text if is_plain else f"{sign}{_quoted(text)}"


def query_text(terms: tuple[Term, ...], words: Vocabulary = TRACES) -> str:
    """A query with these terms; texts that stand beside each other are quoted, so that each stays its own."""
    parts: list[str] = []
    before: Term | None = None
    for term in terms:
        part = written(term, words)
        if before is not None and not before.field and not term.field and not part.startswith(("-", '"')):
            part = _quoted(term.values[0])
        parts.append(part)
        before = term
    return " ".join(parts)


def with_value(terms: tuple[Term, ...], field: str, value: str) -> tuple[Term, ...]:
    """The query with one more value of a field: beside those that it asks for, or as a new condition."""
    for number, term in enumerate(terms):
        if term.field == field and not term.is_excluded:
            wider = Term(field, (*term.values, value)) if value not in term.values else term
            return (*terms[:number], wider, *terms[number + 1 :])
    return (*terms, Term(field, (value,)))


def without_value(terms: tuple[Term, ...], field: str, value: str) -> tuple[Term, ...]:
    """The query without a value of a field."""
    kept: list[Term] = []
    for term in terms:
        if term.field == field and not term.is_excluded and value in term.values:
            rest = tuple(other for other in term.values if other != value)
            if rest:
                kept.append(Term(field, rest))
        else:
            kept.append(term)
    return tuple(kept)


def asked_values(terms: tuple[Term, ...], field: str) -> set[str]:
    """The values of a field that a query asks for."""
    return {value for term in terms if term.field == field and not term.is_excluded for value in term.values}


def _is_words(term: Term, text: str, at: int) -> bool:
    return not term.field and not term.is_excluded and text[at] != '"'


def _term(text: str, at: int, words: Vocabulary) -> tuple[Term, int]:
    """The term that begins at `at`, and where it ends."""
    head = _HEAD.match(text, at)
    if head and head[2] in words.fields:
        return _condition(text, head, words)
    if text[at] == '"' or text.startswith('-"', at):
        is_excluded = text[at] == "-"
        value, end = _quoted_at(text, at + is_excluded)
        if not value.strip():
            raise BadQuery(at + 1, "the quotes are empty; words to search for stand in them")
        return Term("", (value,), is_excluded=is_excluded), end
    if head and text[head.end() :][:1].strip() not in ("", "/"):
        _refuse_slip(head[2], head.start(2), words.fields if head[3] == ":" else words.numbers)
    end = next((i for i in range(at, len(text)) if text[i].isspace()), len(text))
    return Term("", (text[at:end],)), end


def _refuse_slip(name: str, at: int, fields: tuple[str, ...]) -> None:
    """BadQuery for a name that is nearly a field's."""
    near = difflib.get_close_matches(name, fields, 1, 0.75)
    if near:
        raise BadQuery(
            at + 1,
            f"there is no field {name}; did you mean {near[0]}? In double quotes it is searched for as it stands",
        )


def _condition(text: str, head: re.Match[str], words: Vocabulary) -> tuple[Term, int]:
    field, operator, is_excluded, at = head[2], head[3].removeprefix(":"), bool(head[1]), head.end()
    if field in words.numbers:
        return _number(text, field, operator or "=", is_excluded, at)
    if operator not in ("", "="):
        raise BadQuery(head.start(3) + 1, f"{field} is no number: write {field}:value, several with commas between")
    values: list[str] = []
    while True:
        value, at = _value(text, field, at, words)
        values.append(value)
        if not text.startswith(",", at):
            break
        at += 1
    if at < len(text) and not text[at].isspace():
        raise BadQuery(at + 1, "a space or a comma is missing after the value")
    return Term(field, tuple(dict.fromkeys(values)), is_excluded=is_excluded), at


def _value(text: str, field: str, at: int, words: Vocabulary) -> tuple[str, int]:
    choices = words.choices.get(field, ())
    if text.startswith('"', at):
        value, end = _quoted_at(text, at)
    else:
        match = _BARE.match(text, at)
        value, end = (match[0], match.end()) if match else ("", at)
    if not value:
        raise BadQuery(at + 1, f"a value of {field} is missing, such as {field}:{choices[0] if choices else 'NAME'}")
    if choices and value not in choices:
        raise BadQuery(at + 1, f"{value} is no {field}; these are: {', '.join(choices)}")
    return value, end


def _number(text: str, field: str, operator: str, is_excluded: bool, at: int) -> tuple[Term, int]:
    match = _NUMBER.match(text, at)
    scales = _SCALES.get(field, {"": 1})
    if match is None or (match.end() < len(text) and not text[match.end()].isspace()):
        raise BadQuery(at + 1, f"after {field} comes a number, such as {_EXAMPLES.get(field, f'{field}>2')}")
    if match[2].lower() not in scales:
        units = ", ".join(unit for unit in scales if unit) or "none"
        raise BadQuery(match.start(2) + 1, f"{match[2]} is no unit of {field}; its units are: {units}")
    number = min(int(Decimal(match[1]) * scales[match[2].lower()]), NUMBER_MAX)
    return Term(field, operator=operator, number=number, is_excluded=is_excluded), match.end()


def _quoted_at(text: str, at: int) -> tuple[str, int]:
    match = _QUOTED.match(text, at)
    if match is None:
        raise BadQuery(at + 1, "this double quote has no end")
    return re.sub(r'\\(["\\])', r"\1", match[1]), match.end()


def _reads_as_words(text: str, words: Vocabulary) -> bool:
    try:
        return read_query(text, words) == (Term("", (text,)),)
    except BadQuery:
        return False


def _value_text(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else _quoted(value)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _number_text(field: str, number: int) -> str:
    if field == "cost":
        return f"{number // 10**9}.{number % 10**9:09}".rstrip("0").rstrip(".")
    if field == "duration":
        size, unit = next(
            pair for pair in ((10**9, "s"), (10**6, "ms"), (10**3, "us"), (1, "ns")) if not number % pair[0]
        )
        return f"{number // size}{unit}"
    return str(number)
