"""What the charts of a page draw."""

import re
from html import unescape
from typing import Any

import orjson


def drawn_chart(html: str) -> Any:
    """The data of the only chart of a page."""
    (data,) = re.findall(r' data-chart="([^"]*)"', html)
    return orjson.loads(unescape(data))
