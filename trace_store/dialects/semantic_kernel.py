"""Semantic Kernel for Python: GenAI names, message content only in log records, tools called `Plugin-function`.

Source: learn.microsoft.com/semantic-kernel, observability. A function's result is a Python repr.
"""

from trace_store.dialects.dialect import Dialect, Kind

DIALECT = Dialect(
    name="semantic_kernel",
    markers=frozenset({"sk.available_functions"}),
    scopes=frozenset(
        {
            "semantic_kernel.connectors.ai.chat_completion_client_base",
            "semantic_kernel.functions.kernel_function",
            "semantic_kernel.utils.telemetry.agent_diagnostics.decorators",
            "semantic_kernel.utils.telemetry.model_diagnostics.decorators",
        }
    ),
    known_prefixes=("sk.",),
    name_kinds={"sk.available_functions": Kind("chain", is_aggregate=True)},
    tool_name_separator="-",
)
