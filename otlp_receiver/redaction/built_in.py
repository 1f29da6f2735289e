"""What is found without a pattern of one's own: mail addresses, phone and card numbers, keys, tokens.

A pattern works on UTF-8 bytes. Where it has a group, only the group is replaced. What RE2 cannot say (what stands
before a match, a check digit) is asked of `parts`. `hint` matches in every text in which the pattern does, whatever
stands around it: it is searched in the encoded record, where a length byte may stand before a text.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

_LETTERS = r"A-Za-z0-9\x{c0}-\x{24f}"  # with those of Latin languages
_ESCAPES = r"\\+u0(?:0[c-fC-F]|1[0-9A-Fa-f]|2[0-4])[0-9A-Fa-f]"  # the same letters, escaped in JSON
_ESCAPED = re.compile(rb"\\(?:[bfnrt]|u[0-9A-Fa-f]{4})\Z")  # of JSON: what follows it begins afresh
_ESCAPE_BYTES_MAX = 6
_DIGITS = re.compile(rb"[0-9]+")
_SEPARATORS = b" .()/-"
_PHONE_DIGITS_MIN, _PHONE_DIGITS_MAX = 7, 15  # E.164
_NO_DIGITS = re.compile(rb"[^0-9]+")
_ESCAPED_LETTER = re.compile(rb"\\+u0([0-9A-Fa-f]{3})")


Span = tuple[int, int]


def _whole(text: bytes, start: int, end: int) -> Iterator[Span]:
    yield start, end


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A pattern that comes along."""

    name: str
    title: str
    example: str
    pattern: str
    hint: str
    parts: Callable[[bytes, int, int], Iterable[Span]] = _whole  # what of a match from start to end is meant
    canonical: Callable[[bytes], bytes] = bytes  # what is hashed: two ways to write one value are equal


def begins(text: bytes, start: int) -> bool:
    """Whether no letter or digit stands before; an escape of JSON is none."""
    before = text[max(0, start - _ESCAPE_BYTES_MAX) : start]
    return not before[-1:].isalnum() or _ESCAPED.search(before) is not None


def cards(text: bytes, start: int, end: int) -> Iterator[Span]:
    """The numbers of payment cards in a run of digits: of an issuer's length, with Luhn's check digit.

    They begin and end where groups of digits do: a year or a sum may stand beside. Source: ISO/IEC 7812-1, annex B.
    """
    if start > 1 and text[start - 1 : start] == b"." and text[start - 2 : start - 1].isdigit():
        return  # of a fraction
    groups = [(start + found.start(), start + found.end()) for found in _DIGITS.finditer(text[start:end])]
    if not begins(text, start):
        del groups[0]
    if groups and text[end : end + 1].isalpha():
        del groups[-1]
    first = 0
    while first < len(groups):
        digits, found = b"", 0
        for last in range(first, min(len(groups), first + _CARD_DIGITS_MAX)):
            digits += text[slice(*groups[last])]
            if len(digits) > _CARD_DIGITS_MAX:
                break
            found = last + 1 if is_card(digits) else found
        if found:
            yield groups[first][0], groups[found - 1][1]
        first = found or first + 1


def is_card(digits: bytes) -> bool:
    """Whether digits are the number of a card."""
    issuer = next((lengths for prefix, lengths in _ISSUERS if prefix.match(digits)), ())
    if len(digits) not in issuer:
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits.decode()))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


_CARD_DIGITS_MAX = 19
_ISSUERS = (
    (re.compile(rb"4"), (13, 16, 19)),
    (re.compile(rb"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),
    (re.compile(rb"3[47]"), (15,)),
    (re.compile(rb"30[0-5]|309|3[689]"), (14, 15, 16, 17, 18, 19)),
    (re.compile(rb"35(?:2[89]|[3-8])"), (16, 17, 18, 19)),
    (re.compile(rb"6011|64[4-9]|65|62|81"), (16, 17, 18, 19)),
    (re.compile(rb"50|5[6-9]|6"), (12, 13, 14, 15, 16, 17, 18, 19)),
)


def _phones(text: bytes, start: int, end: int) -> Iterator[Span]:
    """The longest part that ends where a group of digits does; of one beside a word like "tel" the number alone."""
    if text[start : start + 1].isalpha():
        if not begins(text, start) or (number := _FIRST_DIGIT.search(text, start, end)) is None:
            return
        start = number.start()
        if _NO_PHONE.match(text, start):
            return
    if not begins(text, start) and text[start : start + 1] == b"1" and text[start + 1 : start + 2] in _SEPARATORS:
        start += 2  # "21 555-123-4567"
    if not begins(text, start) or text[start - 1 : start] in (b"+", b"."):
        return
    while text[end : end + 1].isalnum():
        end -= 1
        while start < end and text[end - 1 : end].isdigit():
            end -= 1
        end = start + len(text[start:end].rstrip(_SEPARATORS))
    if _PHONE_DIGITS_MIN <= len(_NO_DIGITS.sub(b"", text[start:end])) <= _PHONE_DIGITS_MAX:
        yield start, end


def _alone(text: bytes, start: int, end: int) -> Iterator[Span]:
    if begins(text, start):
        yield start, end


def _token(text: bytes, start: int, end: int) -> Iterator[Span]:
    if any(byte in b"0123456789" for byte in text[start:end]):  # "bearer responsibilities" is a sentence
        yield start, end


def _of_address(found: bytes) -> bytes:
    plain = _ESCAPED_LETTER.sub(lambda escape: chr(int(escape[1], 16)).encode(), found)
    return plain.replace(b"%40", b"@").decode().lower().encode()


def _of_number(found: bytes) -> bytes:
    return _NO_DIGITS.sub(b"", found)


_KEYS = (
    r"sk-[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic, OpenRouter, Langfuse
    r"[srp]k_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",  # AWS
    r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}",
    r"glpat-[A-Za-z0-9_-]{20,}",  # GitLab
    r"xox[abceoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}",  # Slack
    r"AIza[A-Za-z0-9_-]{35}",  # Google
    r"hf_[A-Za-z0-9]{30,}",  # Hugging Face
    r"npm_[A-Za-z0-9]{36}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",  # SendGrid
    r"lsv2_(?:pt|sk)_[A-Za-z0-9_]{20,}",  # LangSmith
    r"rb_(?:write|read|admin)_[A-Za-z0-9_-]{43}",  # our own
)
_DOMAIN = rf"(?:[{_LETTERS}-]+\.)+(?:xn--[A-Za-z0-9-]+|[A-Za-z\x{{c0}}-\x{{24f}}]{{2,}})"
_MAIL = rf"(?:[{_LETTERS}._%+'-]|{_ESCAPES})+(?:@|%40|\\+u0040){_DOMAIN}"
_PRIVATE_KEY = (
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[A-Za-z0-9+/=:,.()\s\\-]*?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|(?:[A-Za-z0-9+/=\s]|\\+[nr])*)"
)
_PHONE_WORD = (
    r"(?:(?:tele)?phone|telefono|t\x{e9}l\x{e9}phone|telefone?|tel|t\x{e9}l|mobile?"
    r"|cell|fax|whatsapp|msisdn|rufnummer|handy)"
)
_PHONE_OF_COUNTRY = (  # ways to write one that only a word beside it makes sure
    r"(?:\(0[1-9][0-9]{0,4}\)|0[1-9][0-9]{0,4})[ ./-]{0,3}[0-9](?:[ ./-]?[0-9]){4,9}"  # 030 1234567, 06 12 34 56 78
    r"|[1-9][0-9]{1,3}(?:[ .-][0-9]{2,4}){2,4}"  # 91 123 45 67, 555 123 456
)
_PHONE = (
    r"\+[1-9](?:[ .()/-]{0,2}[0-9]){6,14}"  # with the country
    r"|00[1-9][0-9]{0,2}[ ./-](?:[ .()/-]{0,2}[0-9]){6,12}"
    r"|(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}"  # North America
    r"|\(0[1-9][0-9]{1,4}\) ?[0-9](?:[ /-]?[0-9]){4,8}"  # (030) 1234567
    rf"|(?i:{_PHONE_WORD}(?:[ _-]?(?:number|nummer|no|nr|num))?)[\s.:=\"'#\\]{{1,6}}(?:{_PHONE_OF_COUNTRY})"
)
_FIRST_DIGIT = re.compile(rb"[0-9(]")
_NO_PHONE = re.compile(  # a date, or an amount in groups of three
    rb"(?:19|20)[0-9]{2}[-./ ][01]?[0-9][-./ ][0-3]?[0-9](?![0-9])"
    rb"|[0-3]?[0-9][./-][01]?[0-9][./-](?:19|20)[0-9]{2}(?![0-9])"
    rb"|[0-9]{1,2}(?:[ .][0-9]{3})+(?![0-9 .-]|[.,][0-9])|(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9])"
)
PHONE_KEY = re.compile(  # of an attribute or field whose value is one
    r"(?i:(?:^|[._ -])(?:tele)?(?:phone|mobile|msisdn|fax|tel)(?:[._ -]?(?:number|no|nr))?)$"
    r"|[a-z](?:Phone|Mobile|Msisdn|Fax)(?:Number|No)?$"
)
_PHONE_KEY_HINT = (
    r"(?i:(?:phone|mobile|msisdn|fax|tel)(?:[._ -]?(?:number|no|nr))?)\x12"  # before its value, on the wire
)

BUILT_IN = {
    each.name: each
    for each in (
        BuiltIn(
            "private_key",
            "Private keys",
            "-----BEGIN PRIVATE KEY-----",
            _PRIVATE_KEY,
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY",
        ),
        BuiltIn("jwt", "JSON web tokens", "eyJhbGciOi….eyJzdWIiOi….c2ln", *2 * (r"eyJ[\w-]{8,}(?:\.[\w-]*){2,4}",)),
        BuiltIn(
            "key",
            "Keys of services",
            "sk-…, AKIA…, ghp_…, xoxb-…",
            *2 * ("|".join(_KEYS),),
            _alone,
        ),
        BuiltIn(
            "bearer",
            "Bearer tokens",
            "Authorization: Bearer …",
            *2 * (r"(?i)bearer(?:\s|\+|%20)+([A-Za-z0-9._~+/=-]{12,})",),
            _token,
        ),
        BuiltIn(
            "email",
            "E-mail addresses",
            "jane@example.org",
            _MAIL,
            r"(?:@|%40|\\u0040)[" + _LETTERS + r"-]+\.",
            canonical=_of_address,
        ),
        BuiltIn("card", "Payment cards", "4111 1111 1111 1111", *2 * (r"[0-9](?:[ -]?[0-9]){11,}",), cards, _of_number),
        BuiltIn(
            "phone", "Phone numbers", "+44 20 7946 0958", _PHONE, f"{_PHONE}|{_PHONE_KEY_HINT}", _phones, _of_number
        ),
    )
}
