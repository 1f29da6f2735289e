"""Unique LLM and tool calls of a trace, from spans, requests, answers and messages."""
