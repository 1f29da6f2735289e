"""The query API: JSON over HTTP; it reads, but for channels."""
