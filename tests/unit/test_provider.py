"""Who stands behind the name of a provider."""

import pytest

from trace_store.dialects.provider import vendor


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("OpenAI", "openai"),
        ("openai.responses", "openai"),
        ("google.vertex.chat", "google"),
        ("azure.ai.openai", "azure.ai.openai"),
        ("api.openai.com", "openai"),
        ("api.openai.com:443", "openai"),
        ("api.mistral.ai", "mistral"),
        ("api.x.ai", "xai"),
        ("support.openai.azure.com", "azure"),
        ("bedrock-runtime.us-east-1.amazonaws.com", "aws.bedrock"),
        ("europe-west1-aiplatform.googleapis.com", "gcp.vertex_ai"),
        ("generativelanguage.googleapis.com", "gcp.gemini"),
        ("127.0.0.1:8000", None),
        ("10.0.0.7", None),
        ("localhost:11434", None),
        ("langchain", None),
        ("", None),
    ],
)
def test_vendors(told: str, expected: str | None) -> None:
    assert vendor(told) == expected
