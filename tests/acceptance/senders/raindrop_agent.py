"""The travel agent again, on Raindrop's Python SDK (`raindrop-ai`), with its OpenAI instrumentation.

    python raindrop_agent.py ENDPOINT

ENDPOINT is Raindrop's API as its users write it, such as http://127.0.0.1:4318/v1. The model is a stand-in on loopback
in this process. The last line that it prints is the id of its trace.
"""

# mypy: ignore-errors
# It runs in another environment, with packages that the type checker does not see.

import json
import secrets
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import raindrop.analytics as raindrop
from openai import OpenAI
from opentelemetry import trace

QUESTION = "Book me a flight to Boston if it is sunny."
ANSWER = "It is sunny in Boston, but the flight could not be booked."
CALLS = [("call_1", "get_weather", {"city": "Boston"}), ("call_2", "book_flight", {"to": "BOS"})]
TOOLS: Any = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for _, name, _ in CALLS
]


class Model(BaseHTTPRequestHandler):
    """Asks for both tools first, and answers once it has their results."""

    def log_message(self, *arguments: Any) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:  # the name that http.server looks for
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        message: dict[str, Any] = {"role": "assistant", "content": ANSWER}
        if request["messages"][-1]["role"] == "user":
            asked = [
                {"id": call_id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
                for call_id, name, arguments in CALLS
            ]
            message = {"role": "assistant", "content": None, "tool_calls": asked}
        finish = "tool_calls" if "tool_calls" in message else "stop"
        answer = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1700000000,
            "model": request["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {"prompt_tokens": 21, "completion_tokens": 7, "total_tokens": 28},
        }
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class PaymentTimeout(Exception):
    """The one thing that goes wrong."""


@raindrop.tool("get_weather")
def get_weather(city: str) -> str:
    return json.dumps({"forecast": "sunny", "celsius": 22, "city": city})


@raindrop.tool("book_flight")
def book_flight(to: str) -> str:
    raise PaymentTimeout("payment gateway timed out")


@raindrop.interaction("travel-agent")
def run(client: OpenAI) -> str:
    interaction = raindrop.begin(
        user_id="user-1",
        event="booking",
        event_id="interaction-1",
        input=QUESTION,
        convo_id=f"conversation-{secrets.token_hex(4)}",
    )
    messages: Any = [{"role": "user", "content": QUESTION}]
    asked = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=TOOLS).choices[0].message
    messages.append(asked.model_dump(exclude_none=True))
    for call in asked.tool_calls or []:
        answer = "payment gateway timed out"
        tool = {"get_weather": get_weather, "book_flight": book_flight}[call.function.name]
        with suppress(PaymentTimeout):
            answer = tool(**json.loads(call.function.arguments))
        messages.append({"role": "tool", "tool_call_id": call.id, "content": answer})
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=TOOLS)
    interaction.finish(output=reply.choices[0].message.content)
    return f"{trace.get_current_span().get_span_context().trace_id:032x}"


def main() -> None:
    model = HTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    raindrop.init(
        api_key="any",
        endpoint=sys.argv[1],
        tracing_enabled=True,
        instruments={raindrop.Instruments.OPENAI},
        local_workshop_url=None,
        app_git=False,
    )
    trace_id = run(OpenAI(api_key="any", base_url=f"http://127.0.0.1:{model.server_port}/v1"))
    raindrop.flush()
    raindrop.shutdown()
    model.shutdown()
    print(trace_id)


if __name__ == "__main__":
    main()
