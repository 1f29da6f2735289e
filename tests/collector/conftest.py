"""These tests run where the official collector is: build_collector.sh makes one."""

import pytest

from tests.collector.otelcol import collector
from tests.fix_server import server

pytest.register_assert_rewrite("tests.acceptance.travel_agent")

__all__ = ["server"]

collect_ignore_glob = [] if collector() else ["test_*.py"]
