"""URLs of pages that keep their state in parameters."""

from collections.abc import Mapping
from urllib.parse import urlencode


def url_with(path: str, parameters: Mapping[str, str], safe: str = "") -> str:
    """A path with those parameters that say something; characters of `safe` stand in them as they are."""
    told = {name: value for name, value in parameters.items() if value}
    return f"{path}?{urlencode(told, safe=safe)}" if told else path
