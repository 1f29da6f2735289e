"""These tests run where a TimescaleDB under the Timescale licence is given by RAINBARREL_TEST_TIMESCALEDB_TSL_URL."""

from tests.conformance.conftest import store
from tests.fix_database import URLS

__all__ = ["store"]

collect_ignore_glob = [] if URLS["timescaledb_tsl"] else ["test_*.py"]
