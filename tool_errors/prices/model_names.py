"""The spellings under which a model may stand in the price table, most exact first.

Sources: Amazon Bedrock's model ids and inference profiles, Vertex AI's `@version`, OpenAI's dated snapshots, Google's
`models/` and `publishers/`, gateways' `vendor/model`, Claude Code's `[1m]`. A name that ends in `:free` or that
belongs to a fine-tuned model (`ft:`) is not taken apart: it costs something else.
"""

import re
from functools import lru_cache

_REGION = re.compile(r"^(?:us-gov|us|eu|apac|ap|jp|au|ca|global)\.(?=[a-z])")
_BEDROCK_VENDOR = re.compile(r"^(?:amazon|anthropic|meta|mistral|cohere|deepseek|openai|ai21|writer)\.")
_BEDROCK_VERSION = re.compile(r"-v\d+(?::\d+(?::\w+)?)?$|-\d+:\d+$|:\d+$")
_ENDINGS = (
    re.compile(r"\[\d+[km]\]$"),  # context window
    re.compile(r"@[\w.-]+$"),  # Vertex AI's version
    re.compile(r"-latest$"),
    re.compile(r"-(?:preview|exp)(?:-[\d-]+)?$"),
    re.compile(r"-\d{4}-\d{2}-\d{2}$"),
    re.compile(r"-\d{8}$"),
    re.compile(r"-\d{2}-\d{4}$"),  # command-r-08-2024
    re.compile(r"-\d{3,4}$"),  # gpt-4-0613, mistral-large-2411, gemini-1.5-pro-002
)
_DOT_IN_VERSION = re.compile(r"(?<=\d)\.(?=\d)")
STEPS_MAX = 8  # of endings taken off
NAME_LENGTH_MAX = 300


@lru_cache(maxsize=2048)
def spellings(model: str) -> tuple[str, ...]:
    """The names to look up, in order: as sent, without its path, without Bedrock's parts, without endings."""
    name = model.strip().lower()
    if len(name) > NAME_LENGTH_MAX or name.startswith("ft:") or name.endswith(":free"):
        return (name,)
    found = [name]
    name = name.rpartition("/")[2] or name
    if name.startswith("ft:"):
        return tuple(found)
    found.append(name)
    shorter = _BEDROCK_VENDOR.sub("", _REGION.sub("", name))
    if shorter != name:
        found.append(shorter)
        name = _BEDROCK_VERSION.sub("", shorter)
        found += [shorter.partition(":")[0], name]
    for _ in range(STEPS_MAX):
        stripped = next((cut for ending in _ENDINGS if (cut := ending.sub("", name)) != name and cut), None)
        if stripped is None:
            break
        name = stripped
        found.append(name)
    found += [_DOT_IN_VERSION.sub("-", spelling) for spelling in found]
    return tuple(dict.fromkeys(found))
