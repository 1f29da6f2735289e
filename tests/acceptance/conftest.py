"""Acceptance tests share one server. A sender that is not installed here takes its tests out of the collection."""

import pytest

from tests.acceptance.installed_senders import (
    has_javascript,
    has_raindrop,
    has_raindrop_javascript,
    has_raindrop_query,
    rotel_agent,
)
from tests.fix_server import server

pytest.register_assert_rewrite("tests.acceptance.travel_agent")

__all__ = ["server"]

collect_ignore = [
    name
    for name, is_installed in {
        "test_sender_javascript.py": has_javascript(),
        "test_sender_raindrop.py": has_raindrop(),
        "test_sender_raindrop_events.py": has_raindrop(),
        "test_sender_raindrop_query.py": has_raindrop_query(),
        "test_sender_raindrop_javascript.py": has_raindrop_javascript(),
        "test_sender_raindrop_query_javascript.py": has_raindrop_query() and has_raindrop_javascript(),
        "test_sender_rotel.py": rotel_agent() is not None,
    }.items()
    if not is_installed
]
