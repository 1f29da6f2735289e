"""Errors that a request can end with; each is one sentence, as JSON for programs and as a page for people."""

from collections.abc import Collection


class WebError(Exception):
    """An answer other than 200."""

    status = 500

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadRequest(WebError):
    """A parameter has a value that it cannot have."""

    status = 400


class NotFound(WebError):
    """There is no such thing."""

    status = 404


class Forbidden(WebError):
    """The sender may not do this."""

    status = 403


class Conflict(WebError):
    """Somebody else did something meanwhile."""

    status = 409


class Unavailable(WebError):
    """Something that the answer needs is away; ask again."""

    status = 503


def check_known(name: str, value: str, known: Collection[str]) -> None:
    """BadRequest for a value of a parameter that is none of those that are known."""
    if value not in known:
        raise BadRequest(f"{name}={value} is none of {', '.join(known)}.")


def read_id(text: str, length: int, what: str) -> bytes:
    """An id from its hex form; BadRequest names what is wrong."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != length or len(text) != length * 2:  # fromhex passes over white space
        raise BadRequest(f"{text} is no {what} id: {length * 2} hexadecimal digits are needed.")
    return found
