"""The model vendor behind the many spellings of a provider."""

import re
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


# Hosts whose name does not tell the vendor, by how they end.
_HOSTS = {
    "x.ai": "xai",
    "amazonaws.com": "aws.bedrock",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
    "googleapis.com": "gcp.gemini",
}
_HOST = re.compile(r"(?:\S+\.)+(?:com|net|org|io|dev|cn|xyz|cloud)(?::\d+)?|api\.\S+|\S+:\d+|\d+(?:\.\d+){3}")


def vendor(provider: str | None) -> str | None:
    """Lower case, without the API's suffix (`openai.chat` is openai); of a host (LiveKit) who it belongs to; None for
    what is no vendor, such as an address."""
    if not provider:
        return None
    return _known_vendor(provider) if len(provider) <= _REMEMBERED_CHARS_MAX else _vendor(provider)


def _vendor(provider: str) -> str | None:
    name = provider.lower()
    if name not in _DOTTED:
        name = _owner(name) if _HOST.fullmatch(name) else name.partition(".")[0]
    return None if name in _FRAMEWORKS or not name else name


def _owner(host: str) -> str:
    """Whose host it is: `api.openai.com` is openai's; nobody's for an address and for names without dots."""
    host = host.partition(":")[0]
    labels = host.split(".")
    if len(labels) < 2 or labels[-1].isdigit():
        return ""
    return next((name for end, name in _HOSTS.items() if host.endswith(end)), labels[-2])


_known_vendor = lru_cache(maxsize=1024)(_vendor)
