"""A month of derived traces for benchmarks, by COPY: agents, tools, users, failures, loops and their strips.

Each is the trace of the interaction of the same number that `interactions_made` makes.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg

from tests.benchmarks.interactions_made import made_trace_id

DAY_NS = 86_400_000_000_000
DAYS = 30
TOOLS = tuple(f"tool_{n}" for n in range(30))
MODELS = ("gpt-4.1", "gpt-4.1-mini", "claude-sonnet-4", "gemini-2.5-pro")
COLUMNS = """project_id, trace_id, start_unix_nano, end_unix_nano, bucket_min, bucket_max, live, root_name,
  service_name, release, agents, tools, models, providers, dialects, span_count, root_count, llm_call_count,
  tool_call_count, error_count, soft_error_count, unanswered_count, failed_span_count, loop_count, input_tokens,
  output_tokens, cached_tokens, reasoning_tokens, user_id, interaction_ids, conversation_id, input_preview,
  output_preview, steps, search_text, environment, cost_nano_usd"""
_FINDINGS = """INSERT INTO rainbarrel.findings (project_id, trace_id, finding_key, kind, fingerprint, tool, title,
  start_unix_nano, end_unix_nano, is_recovered, user_id, release, environment)
SELECT project_id, trace_id, 'call:1', 'tool_error', md5(tools[1]), tools[1], 'KeyError: made', start_unix_nano,
  end_unix_nano, false, user_id, release, environment
FROM rainbarrel.traces WHERE error_count > 0 AND interaction_ids[1] LIKE 'evt-%'
ON CONFLICT DO NOTHING"""


def seed_traces(connection: psycopg.Connection[Any], count: int, now_unix_nano: int) -> None:
    """Fills `traces` and `findings` with `count` traces of the last 30 days, in order of time."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY rainbarrel.traces ({COLUMNS}) FROM STDIN".encode()) as copy,
    ):
        for row in _rows(random.Random(11), count, now_unix_nano):
            copy.write_row(row)
    connection.execute(_FINDINGS.encode())
    connection.execute(b"VACUUM ANALYZE rainbarrel.traces, rainbarrel.findings")


def _rows(rng: random.Random, count: int, now_unix_nano: int) -> Iterator[tuple[Any, ...]]:
    step = DAYS * DAY_NS // count
    for n in range(count):
        start = now_unix_nano - (count - n) * step
        day = datetime.fromtimestamp(start // 1_000_000_000, UTC).date()
        tools = sorted({TOOLS[int(rng.random() ** 2 * len(TOOLS))] for _ in range(rng.randint(1, 5))})
        fails, loops = rng.random() < 0.1, rng.random() < 0.01
        calls = len(tools) * 3
        strip = "L" + "".join(rng.choice("TL") for _ in range(calls)) + "eLeLe" * loops + "E" * fails + "L"
        question = " ".join(f"word{int(rng.random() ** 2 * 3000)}" for _ in range(12))
        answer = " ".join(f"word{int(rng.random() ** 2 * 3000)}" for _ in range(40))
        user, agent = f"user-{int(rng.random() ** 2 * 50_000)}", f"agent-{int(rng.random() ** 2 * 8)}"
        yield (
            (1, made_trace_id(n), start, start + rng.randint(1, 60) * 10**9, day, day, False, "invoke_agent",
             f"service-{n % 4}", f"1.{n * 20 // count}", [agent], tools, [rng.choice(MODELS)], ["openai"],
             ["otel_genai"], calls + 6, 1, 5, calls, int(fails), 0, 0, int(fails), int(loops), 2000 + n % 3000, 300,
             0, 0, user, [f"evt-{n:08}"], f"convo-{n // 4}", question, answer, strip,
             f"{question}\n{answer}\n{' '.join(tools)}", "production" if n % 5 else "staging", 1_000_000 + n % 10**6)
        )  # fmt: skip
