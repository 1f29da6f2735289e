"""Fixtures that several folders of tests use."""

import os

# gRPC's fork handlers close descriptors of a child that was forked to become something else, such as initdb.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

from tests.fix_database import any_database, any_empty_database, database, empty_database, servers

__all__ = ["any_database", "any_empty_database", "database", "empty_database", "servers"]
