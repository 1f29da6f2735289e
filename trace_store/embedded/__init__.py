"""The embedded PostgreSQL: binaries from a wheel under our own small supervisor (Linux and macOS)."""

from trace_store.embedded.data_directory import default_data_dir
from trace_store.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "default_data_dir"]
