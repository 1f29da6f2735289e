"""What senders need to send here, per SDK, with this server's address and a key filled in. Pure."""

import json
from collections.abc import Callable
from dataclasses import dataclass

NO_KEY = "not-needed"  # where an SDK insists on a key and this server does not


@dataclass(frozen=True, slots=True)
class Target:
    """Where to, as the reader of the page reaches this server."""

    origin: str  # http://127.0.0.1:4318
    grpc_origin: str  # "" where there is no gRPC port
    key: str = ""  # a write key, or the word KEY in its place; "" where none is needed
    project: str = ""  # to be named beside the key; "" for the default project and for keys of one project

    @property
    def headers(self) -> dict[str, str]:
        """What requests must carry."""
        named = {"x-api-key": self.key, "x-raindrop-project-id": self.project}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Snippet:
    """What to put where, for one kind of sender."""

    slug: str
    name: str
    text: str
    note: str = ""


def snippets(target: Target) -> tuple[Snippet, ...]:
    """All of them, the most common first."""
    return tuple(Snippet(slug, name, write(target).strip() + "\n", note) for slug, name, write, note in _KINDS)


def _environment(target: Target) -> str:
    return (
        f"export OTEL_EXPORTER_OTLP_ENDPOINT={target.origin}\n"
        "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n"
        f"{_header_variable(target, 'OTEL_EXPORTER_OTLP_HEADERS')}"
    )


def _header_variable(target: Target, name: str) -> str:
    pairs = ",".join(f"{header}={value}" for header, value in target.headers.items())
    return f"export {name}={pairs}\n" if pairs else ""


def _python_provider(target: Target) -> str:
    headers = f", headers={json.dumps(target.headers)}" if target.headers else ""
    return (
        "from opentelemetry import trace\n"
        "from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter\n"
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "from opentelemetry.sdk.trace.export import BatchSpanProcessor\n"
        "\n"
        "provider = TracerProvider()\n"
        f'exporter = OTLPSpanExporter("{target.origin}/v1/traces"{headers})\n'
        "provider.add_span_processor(BatchSpanProcessor(exporter))\n"
        "trace.set_tracer_provider(provider)\n"
    )


def _python(target: Target) -> str:
    return f"# pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http\n{_python_provider(target)}"


def _javascript(target: Target) -> str:
    headers = f", headers: {json.dumps(target.headers)}" if target.headers else ""
    return (
        "// npm install @opentelemetry/sdk-node @opentelemetry/exporter-trace-otlp-proto\n"
        'import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";\n'
        'import { NodeSDK } from "@opentelemetry/sdk-node";\n'
        "\n"
        f'const traceExporter = new OTLPTraceExporter({{ url: "{target.origin}/v1/traces"{headers} }});\n'
        "new NodeSDK({ traceExporter }).start();\n"
    )


def _vercel(target: Target) -> str:
    return (
        f"{_javascript(target)}\n"
        'import { generateText } from "ai";\n'
        "\n"
        "await generateText({ model, prompt, experimental_telemetry: { isEnabled: true } });\n"
    )


def _openllmetry(target: Target) -> str:
    headers = f", headers={json.dumps(target.headers)}" if target.headers else ""
    return (
        "# pip install traceloop-sdk\n"
        "from traceloop.sdk import Traceloop\n"
        "\n"
        f'Traceloop.init(app_name="my-agent", api_endpoint="{target.origin}"{headers})\n'
    )


def _openinference(target: Target) -> str:
    return (
        "# pip install openinference-instrumentation-openai opentelemetry-sdk opentelemetry-exporter-otlp-proto-http\n"
        f"from openinference.instrumentation.openai import OpenAIInstrumentor\n{_python_provider(target)}"
        "OpenAIInstrumentor().instrument(tracer_provider=provider)\n"
    )


def _langfuse(target: Target) -> str:
    return (
        f"export LANGFUSE_HOST={target.origin}\n"
        f"export LANGFUSE_BASE_URL={target.origin}\n"
        f"export LANGFUSE_PUBLIC_KEY=rainbarrel LANGFUSE_SECRET_KEY={target.key or NO_KEY}\n"
    )


def _raindrop_python(target: Target) -> str:
    return (
        "# pip install raindrop-ai\n"
        "import raindrop.analytics as raindrop\n"
        "\n"
        f'raindrop.init(api_key="{target.key or NO_KEY}", endpoint="{target.origin}/v1", tracing_enabled=True)\n'
    )


def _raindrop_javascript(target: Target) -> str:
    return (
        "// npm install raindrop-ai\n"
        'import { Raindrop } from "raindrop-ai";\n'
        "\n"
        f'const raindrop = new Raindrop({{ writeKey: "{target.key or NO_KEY}", endpoint: "{target.origin}/v1" }});\n'
    )


def _raindrop_ai_sdk(target: Target) -> str:
    options = f'{{ writeKey: "{target.key or NO_KEY}", endpoint: "{target.origin}/v1" }}'
    return (
        "// npm install @raindrop-ai/ai-sdk ai\n"
        'import { createRaindropAISDK } from "@raindrop-ai/ai-sdk";\n'
        'import * as ai from "ai";\n'
        "\n"
        f"const {{ generateText, streamText }} = createRaindropAISDK({options}).wrap(ai);\n"
    )


def _claude_code(target: Target) -> str:
    return (
        "export CLAUDE_CODE_ENABLE_TELEMETRY=1 OTEL_LOGS_EXPORTER=otlp\n"
        f"{_environment(target)}"
        "export OTEL_LOG_USER_PROMPTS=1 OTEL_LOG_TOOL_DETAILS=1\n"
        "export OTEL_LOG_ASSISTANT_RESPONSES=1\n"
    )


def _codex(target: Target) -> str:
    pairs = ", ".join(f'"{name}" = "{value}"' for name, value in target.headers.items())
    headers = f", headers = {{ {pairs} }}" if pairs else ""
    return (
        "# ~/.codex/config.toml\n"
        "[otel]\n"
        "log_user_prompt = true\n"
        f'exporter = {{ otlp-http = {{ endpoint = "{target.origin}/v1/logs", protocol = "binary"{headers} }} }}\n'
    )


def _rainbarrel_exporter(target: Target) -> str:
    pairs = "".join(f"      {name}: {value}\n" for name, value in target.headers.items())
    headers = f"    headers:\n{pairs}" if pairs else ""
    return (
        "exporters:\n"
        "  otlp_http/rainbarrel:       # collectors before 0.144: otlphttp/rainbarrel\n"
        f"    endpoint: {target.origin}\n{headers}"
        "    retry_on_failure:\n"
        "      max_elapsed_time: 0s\n"
    )


def _collector(target: Target) -> str:
    return (
        "receivers:\n"
        "  otlp:\n"
        "    protocols: { grpc: { endpoint: 127.0.0.1:4327 }, http: { endpoint: 127.0.0.1:4328 } }\n"
        f"{_rainbarrel_exporter(target)}"
        "service:\n"
        "  pipelines:\n"
        "    traces: { receivers: [otlp], exporters: [otlp_http/rainbarrel] }\n"
        "    logs: { receivers: [otlp], exporters: [otlp_http/rainbarrel] }\n"
    )


def _beside(target: Target) -> str:
    return (
        "receivers:\n"
        "  otlp:\n"
        "    protocols: { grpc: { endpoint: 127.0.0.1:4327 }, http: { endpoint: 127.0.0.1:4328 } }\n"
        f"{_rainbarrel_exporter(target)}"
        "  otlp_http/sentry:           # Project settings > Client Keys (DSN) > OpenTelemetry (OTLP)\n"
        "    traces_endpoint: ${env:SENTRY_OTLP_TRACES_ENDPOINT}\n"
        '    headers: { x-sentry-auth: "sentry sentry_key=${env:SENTRY_PUBLIC_KEY}" }\n'
        "  otlp_http/datadog:          # or the address of your own site\n"
        "    traces_endpoint: https://otlp.datadoghq.com/v1/traces\n"
        '    headers: { dd-api-key: "${env:DD_API_KEY}", compute_stats: "true" }\n'
        "service:\n"
        "  pipelines:\n"
        "    traces: { receivers: [otlp], exporters: [otlp_http/rainbarrel, otlp_http/sentry, otlp_http/datadog] }\n"
        "    logs: { receivers: [otlp], exporters: [otlp_http/rainbarrel] }\n"
    )


_KINDS: tuple[tuple[str, str, Callable[[Target], str], str], ...] = (
    ("environment", "Any OpenTelemetry SDK", _environment, "Variables of the environment; no line of code changes."),
    ("python", "OpenTelemetry Python", _python, ""),
    ("javascript", "OpenTelemetry JavaScript", _javascript, ""),
    ("vercel", "Vercel AI SDK", _vercel, "From version 7 on telemetry is registered once; its names are read too."),
    ("openllmetry", "OpenLLMetry (Traceloop)", _openllmetry, ""),
    ("openinference", "OpenInference", _openinference, "Likewise with its instrumentation of any other library."),
    ("langfuse", "Langfuse SDK", _langfuse, "Python from version 3, JavaScript from version 4: these send OTLP."),
    ("raindrop-python", "Raindrop Python", _raindrop_python, ""),
    ("raindrop-javascript", "Raindrop JavaScript", _raindrop_javascript, ""),
    ("raindrop-ai-sdk", "Raindrop for the Vercel AI SDK", _raindrop_ai_sdk, ""),
    ("claude-code", "Claude Code", _claude_code, "The last lines send prompts, tool details and answers along."),
    ("codex", "Codex CLI", _codex, ""),
    (
        "collector",
        "OpenTelemetry Collector",
        _collector,
        "The project's otel-collector-config.yaml has limits and queues.",
    ),
    (
        "beside",
        "Sentry and Datadog beside it",
        _beside,
        "One collector feeds all three; a backend that is down holds up none.",
    ),
)
