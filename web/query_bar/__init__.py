"""The query bar over the list of traces: its language, and what it suggests while somebody types."""
