"""The text filter of lists, as a pattern."""

import re

_LIKE_SPECIAL = re.compile(r"([\\%_])")


def like_pattern(text: str) -> str | None:
    """A LIKE pattern for text that occurs anywhere in lower-case text; None for no text."""
    escaped = _LIKE_SPECIAL.sub(r"\\\1", text.lower())
    return f"%{escaped}%" if text else None
