"""Recorded values as Python source that gives the same values back, whatever they hold. Pure.

`repr` of text escapes what is not printable, so that no line feed, no quote, no surrogate and no bidirectional control
gets into the source as it is.
"""

import json
import pprint
from typing import Any

from trace_store.attributes import json_safe

WIDTH = 100
LEVELS_MAX = 40  # CPython's parser refuses some 100 nested brackets


def literal(value: Any) -> str:
    """An expression for a JSON value; deeply nested ones as a call of `json.loads`."""
    safe = json_safe(value)
    if isinstance(safe, dict | list) and _is_deep(safe):
        return f"json.loads({json.dumps(safe)!r})"
    return repr(safe) if isinstance(safe, str) else pprint.pformat(safe, width=WIDTH, sort_dicts=False)


def _is_deep(value: Any) -> bool:
    """Whether it has more than LEVELS_MAX levels."""
    level = [value]
    for _ in range(LEVELS_MAX):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
