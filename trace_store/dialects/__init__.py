"""Dialects: how libraries write LLM and tool spans, and `normalise`, which turns any of it into facts.

A new dialect is one file with a `DIALECT` and one line in `REGISTRY`.
"""

from trace_store.dialects import (
    ag2,
    agent_framework,
    agentops,
    anthropic_sdk,
    autogen,
    beeai,
    braintrust,
    claude_code,
    codex,
    ddtrace,
    dify,
    gemini_cli,
    genkit,
    google_adk,
    google_genai,
    haystack,
    honeyhive,
    laminar,
    langfuse,
    langsmith,
    langwatch,
    litellm,
    livekit,
    logfire,
    mastra,
    mlflow,
    n8n,
    openinference,
    openlit,
    openllmetry,
    otel_genai,
    pipecat,
    plain,
    pydantic_ai,
    semantic_kernel,
    sentry,
    spring_ai,
    strands,
    traceloop_langchain,
    vercel_ai,
    voltagent,
)
from trace_store.dialects.dialect import Dialect
from trace_store.dialects.registry import DialectRegistry, UserMappings

# The more specific before the more general: a span with marks of several is claimed by the first.
REGISTRY: tuple[Dialect, ...] = (
    vercel_ai.DIALECT,
    anthropic_sdk.DIALECT,
    ddtrace.DIALECT,
    mlflow.DIALECT,
    langfuse.DIALECT,
    langsmith.DIALECT,
    litellm.DIALECT,
    beeai.DIALECT,
    haystack.DIALECT,
    laminar.DIALECT,
    agentops.DIALECT,
    traceloop_langchain.DIALECT,
    openllmetry.DIALECT,
    openinference.DIALECT,
    honeyhive.DIALECT,
    langwatch.DIALECT,
    braintrust.DIALECT,
    logfire.DIALECT,
    pydantic_ai.DIALECT,
    strands.DIALECT,
    google_adk.DIALECT,
    google_genai.DIALECT,
    ag2.DIALECT,
    openlit.DIALECT,
    autogen.DIALECT,
    semantic_kernel.DIALECT,
    agent_framework.DIALECT,
    mastra.DIALECT,
    genkit.DIALECT,
    spring_ai.DIALECT,
    livekit.DIALECT,
    voltagent.DIALECT,
    pipecat.DIALECT,
    claude_code.DIALECT,
    codex.DIALECT,
    gemini_cli.DIALECT,
    dify.DIALECT,
    n8n.DIALECT,
    sentry.DIALECT,
    otel_genai.DIALECT,
    plain.DIALECT,
)

BUILT_IN = DialectRegistry(REGISTRY)

normalise = BUILT_IN.normalise
transcript = BUILT_IN.transcript


def with_mappings(mappings: UserMappings) -> DialectRegistry:
    """A registry with the dialects of users beside the built-in ones; `BUILT_IN` itself without any."""
    return DialectRegistry(REGISTRY, mappings) if mappings.digest else BUILT_IN
