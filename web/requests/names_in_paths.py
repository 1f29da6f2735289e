"""Names that applications chose, as the last part of the path of a page: `/users/ada%40example.com`.

The JSON twin of a page is its path with `.json`. So that the page of a name which ends in `.json` itself is not taken
for the twin of another, its path ends in a slash: `/users/export.json/`, with the twin `/users/export.json/.json`.
"""

import re
from urllib.parse import quote

_LIKE_A_TWIN = re.compile(r"\.json/*\Z")


def name_in_path(name: str) -> str:
    """The name as it stands in the path, percent-encoded."""
    return quote(name, safe="") + ("/" if _LIKE_A_TWIN.search(name) else "")


def name_of_path(decoded: str) -> str:
    """The name that a path tells, once it is decoded and without the `.json` of a twin."""
    return decoded[:-1] if decoded.endswith("/") and _LIKE_A_TWIN.search(decoded) else decoded
