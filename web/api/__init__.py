"""The query API: JSON over HTTP, read-only."""
