"""Spring AI, by its documented keys."""

from tests.spans_by_hand import span
from trace_store.dialects import normalise
from trace_store.facts import SpanFacts


def facts_of(attributes: dict[str, object]) -> SpanFacts:
    facts = normalise(span(attributes))
    assert facts is not None
    return facts


def test_a_tool() -> None:
    facts = facts_of(
        {
            "gen_ai.operation.name": "framework",
            "gen_ai.system": "spring_ai",
            "spring.ai.kind": "tool_call",
            "spring.ai.tool.definition.name": "look",
            "spring.ai.tool.call.arguments": '{"q": 1}',
            "spring.ai.tool.call.result": '"sunny"',
            "thread.id": 31,
        }
    )
    assert (facts.dialect, facts.type, facts.tool_name, facts.provider) == ("spring_ai", "tool", "look", None)
    assert (facts.arguments and facts.arguments.value, facts.result and facts.result.value) == ({"q": 1}, "sunny")
    assert facts.conversation_id is None


def test_the_chat_client_surrounds_the_model_call() -> None:
    client = facts_of(
        {
            "gen_ai.operation.name": "framework",
            "spring.ai.kind": "chat_client",
            "spring.ai.chat.client.conversation.id": "c1",
            "gen_ai.prompt": "hi",
        }
    )
    assert (client.type, client.is_aggregate, client.conversation_id) == ("agent", True, "c1")
    advisor = facts_of({"gen_ai.operation.name": "framework", "spring.ai.kind": "advisor"})
    assert (advisor.type, advisor.is_aggregate) == ("chain", True)
    store = facts_of({"spring.ai.kind": "vector_store", "db.vector.query.content": "hi"})
    assert (store.type, store.input_text) == ("retriever", "hi")


def test_the_model_call_has_genai_names() -> None:
    facts = facts_of(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "small",
            "gen_ai.usage.input_tokens": 9,
            "gen_ai.usage.output_tokens": 3,
            "spring.ai.model.request.tool.names": ["look"],
        }
    )
    assert (facts.type, facts.provider, facts.input_tokens, facts.output_tokens) == ("llm", "openai", 9, 3)
