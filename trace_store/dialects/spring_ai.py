"""Spring AI: `spring.ai.kind` on the framework's observations, GenAI names on the model call.

Source: docs.spring.io/spring-ai/reference/observability. The chat client and its advisors surround the model call;
their `gen_ai.operation.name` is always `framework`.
"""

from trace_store.dialects.dialect import Dialect, Kind

CHAIN = Kind("chain", is_aggregate=True)

DIALECT = Dialect(
    name="spring_ai",
    markers=frozenset({"spring.ai.kind"}),
    marker_prefixes=("spring.ai.",),
    fields={
        "tool_name": ("spring.ai.tool.definition.name",),
        "arguments": ("spring.ai.tool.call.arguments",),
        "result": ("spring.ai.tool.call.result",),
        "conversation_id": ("spring.ai.chat.client.conversation.id",),
        "input": ("spring.ai.chat.client.user.text", "db.vector.query.content"),
        "entity_name": ("spring.ai.advisor.name",),
    },
    known_prefixes=("spring.ai.", "db.vector."),
    kinds={
        "spring.ai.kind": {
            "chat_client": Kind("agent", is_aggregate=True),
            "advisor": CHAIN,
            "tool_call": Kind("tool"),
            "vector_store": Kind("retriever"),
        },
        "gen_ai.operation.name": {"framework": CHAIN},
    },
    name_kinds={"spring.ai.tool.definition.name": Kind("tool")},
)
