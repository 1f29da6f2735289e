"""Anthropic's own client library, which traces its requests as soon as a global tracer provider exists.

Source: spans of the `anthropic` package for Python, version 2, and of `@anthropic-ai/sdk`, version 1. GenAI names for
model, tokens and response id, HTTP names for the request; messages, arguments and results only when asked for (content
mode). Its tool runner is an agent with spans of its tools. A request's span repeats the call that an instrumentation of
the same client reports, below it (OpenInference) or beside it (OpenLLMetry, streams in JavaScript): a name of its own
keeps them apart, so that they are joined to one call.
"""

from trace_store.dialects.dialect import Dialect

DIALECT = Dialect(
    name="anthropic_sdk",
    scopes=frozenset({"com.anthropic.sdk.python", "com.anthropic.sdk.typescript"}),
    own_fields={
        "cache_write_1h_tokens": ("anthropic.usage.cache_creation.ephemeral_1h_input_tokens",),
        "known": (
            "http.request.method",
            "http.route",
            "http.response.status_code",
            "server.address",
            "server.port",
            "url.scheme",
            "url.path",
            "url.full",
        ),
    },
    fields={
        "finish_reason": ("anthropic.message.stop_reason",),
        "result": ("anthropic.tool_result.content",),
    },
    known_prefixes=("anthropic.message.", "anthropic.request.", "anthropic.response.", "anthropic.usage."),
)
