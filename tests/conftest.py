"""Fixtures that several folders of tests use."""

from tests.fix_database import any_database, any_empty_database, database, empty_database, servers

__all__ = ["any_database", "any_empty_database", "database", "empty_database", "servers"]
