"""The model vendor behind the many spellings of a provider."""

from functools import lru_cache

_REMEMBERED_CHARS_MAX = 100  # of a provider's name

# Provider names of OTel's GenAI conventions that hold a dot of their own.
_DOTTED = frozenset(
    {
        "aws.bedrock",
        "azure.ai.inference",
        "azure.ai.openai",
        "gcp.gemini",
        "gcp.gen_ai",
        "gcp.vertex.agent",
        "gcp.vertex_ai",
        "ibm.watsonx.ai",
        "z.ai",
    }
)
# Frameworks that name themselves as the provider.
_FRAMEWORKS = frozenset(
    {
        "agent_framework",
        "autogen",
        "crewai",
        "gcp.vertex.agent",
        "langchain",
        "langgraph",
        "microsoft",
        "spring_ai",
        "strands-agents",
        "unknown",
    }
)


def vendor(provider: str | None) -> str | None:
    """Lower case, without the API's suffix (`openai.chat` is openai); None for what is no vendor."""
    if not provider:
        return None
    return _known_vendor(provider) if len(provider) <= _REMEMBERED_CHARS_MAX else _vendor(provider)


def _vendor(provider: str) -> str | None:
    name = provider.lower()
    if name not in _DOTTED:
        name = name.partition(".")[0]
    return None if name in _FRAMEWORKS or not name else name


_known_vendor = lru_cache(maxsize=1024)(_vendor)
