"""The routes under /v1, in the order in which they are tried."""

from web.query_api import conversations, events, search, signals, spans, trace_query, users

ROUTERS = tuple(part.router for part in (search, events, spans, conversations, users, signals, trace_query))
