"""The query API under /v1: events, conversations, users, signals and spans as Raindrop's clients read them.

Lists answer `{"data": [...], "meta": {"cursor", "has_more"}}`, single reads `{"data": {...}}`, errors
`{"error": {"code", "message", "details"}}`. docs/query_api.md is its reference.
"""
