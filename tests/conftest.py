"""Fixtures that several folders of tests use, and how many processes a test run takes."""

import os

import pytest
from hypothesis import HealthCheck, settings

# gRPC's fork handlers close descriptors of a child that was forked to become something else, such as initdb.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ["RAINBARREL_PROCESSORS"] = "1"  # one is enough for what most tests send; those of several say --processors

from tests.fix_database import any_database, any_empty_database, database, empty_database, servers

__all__ = ["any_database", "any_empty_database", "database", "empty_database", "servers"]

PROCESSES_MAX = 4  # each has database servers of its own

# How long examples take says how busy the machine is. Each run of a version tries the same ones, so that a change is
# judged by what it changed; `pytest --hypothesis-profile=search -n 0 FILE` looks for others, again and again.
SLOWNESS = [HealthCheck.too_slow]
settings.register_profile("any_machine", deadline=None, suppress_health_check=SLOWNESS, derandomize=True)
settings.register_profile("search", deadline=None, suppress_health_check=SLOWNESS, max_examples=2000)
settings.load_profile("any_machine")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole run is shared among processes; chosen files and folders stay in one, where a debugger works."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return min(os.cpu_count() or 1, PROCESSES_MAX) if whole else 0
