"""What a raw provider request or response says about itself, read off its JSON text without parsing it.

Instrumentations keep whole requests and responses in one attribute; their messages stand elsewhere already. Quotes
inside JSON strings are escaped, so the patterns cannot match in somebody's text.
"""

import re
from typing import Any

_HEAD_CHARS = 400
_ID_FIRST = re.compile(r'\[?\s*\{\s*"id"\s*:\s*"([^"\\]{1,200})"')
_MODEL = re.compile(r'"model(?:_name)?"\s*:\s*"([^"\\]{1,200})"')


def response_id_in(value: Any) -> str | None:
    """The id of a raw response: its first field."""
    match = _ID_FIRST.match(value[:_HEAD_CHARS].lstrip()) if isinstance(value, str) else None
    return match.group(1) if match else None


def model_in(value: Any) -> str | None:
    """The model that a raw request or response names."""
    if not isinstance(value, str) or value[:_HEAD_CHARS].lstrip()[:1] not in ("{", "["):
        return None
    match = _MODEL.search(value)
    return match.group(1) if match else None
