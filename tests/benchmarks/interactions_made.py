"""A month of interactions for benchmarks, by COPY: users, conversations, texts with their words, failures and feedback.

Few users and tools have most of the interactions, as in life: their share falls with the square of their rank. A fifth
of the texts is Chinese or Japanese. Words, links, tool calls and findings are made of the interactions by SQL.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg

from trace_store.interactions.search_words import words_of
from trace_store.rollups.rollups import RollupWork

DAY_NS = 86_400_000_000_000
DAYS = 30
EVENTS = ("chat", "support", "summary", "search", "draft")
MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4", "gemini-2.5-pro")
TOOLS = tuple(f"tool_{n}" for n in range(20))
QUESTIONS_MADE, ANSWERS_MADE = 4000, 20_000  # different texts
RARE = "claude-2"  # the model of one interaction in 100,000
COLUMNS = """project_id, event_id, event_name, user_id, conversation_id, start_unix_nano, end_unix_nano, received_at,
  is_ai, is_pending, is_from_spans, model, input, output, input_preview, output_preview, properties, feature_flags,
  attachments, trace_ids, tools, tool_call_count, error_count, soft_error_count, loop_count, input_tokens,
  output_tokens, cost_usd, duration_ns, release, environment, last_bucket"""
_CJK = "天気予報明日東京大阪注文返金確認請求書配送遅延申請取消更新質問回答会議資料作成翻訳"
_CJK += "检查订单退款地址修改支付失败重试帮助"
_BEFORE = (
    "CREATE TEMPORARY TABLE text_words (text_id integer PRIMARY KEY, words tsvector)",
    "CREATE TEMPORARY TABLE said (event_id text, asked integer, answered integer)",
    "CREATE TEMPORARY VIEW made AS SELECT * FROM rainbarrel.interactions WHERE event_id LIKE 'evt-%'",
)
_DERIVED = (
    """INSERT INTO rainbarrel.interaction_words (project_id, event_id, side, part, start_unix_nano, words)
       SELECT 1, event_id, side, 0, start_unix_nano, words
       FROM said JOIN made USING (event_id)
       CROSS JOIN LATERAL (VALUES (1, asked), (2, answered)) AS text (side, text_id)
       JOIN text_words USING (text_id)
       ORDER BY start_unix_nano, side""",
    """INSERT INTO rainbarrel.interaction_traces (project_id, event_id, trace_id, said_by, is_named, user_id,
         conversation_id, start_unix_nano, end_unix_nano, input_preview, output_preview)
       SELECT project_id, event_id, trace_ids[1], 1, true, user_id, conversation_id, start_unix_nano, end_unix_nano,
         input_preview, output_preview
       FROM made""",
    """INSERT INTO rainbarrel.tool_calls (project_id, trace_id, call_key, span_id, start_unix_nano, end_unix_nano, name,
         status, rule, path, recovered, interaction_id)
       SELECT project_id, trace_ids[1], number::text, substr(trace_ids[1], 1, 8), start_unix_nano, end_unix_nano, tool,
         CASE WHEN error_count > 0 AND number = 1 THEN 'error' ELSE 'ok' END, '', '', false, event_id
       FROM made, unnest(tools) WITH ORDINALITY AS called (tool, number)""",
    """INSERT INTO rainbarrel.loops (project_id, trace_id, loop_id, kind, tools, iterations, failures, call_keys,
         start_unix_nano, end_unix_nano, tokens, fingerprint, ended, calls, cost_nano_usd, wasted_calls, wasted_ns)
       SELECT project_id, trace_ids[1], '1', 'repeated_failure', tools[1:1], 3, error_count, ARRAY['1'],
         start_unix_nano, end_unix_nano, 200, md5('loop' || tools[1]), 'gave_up',
         jsonb_build_array(jsonb_build_array(encode(trace_ids[1], 'hex'), '1', NULL, NULL)), 500000, 2, 10^9
       FROM made WHERE loop_count > 0""",
    """INSERT INTO rainbarrel.findings (project_id, trace_id, finding_key, kind, fingerprint, tool, title,
         span_id, start_unix_nano, end_unix_nano, is_recovered, user_id, conversation_id, interaction_id, release,
         environment)
       SELECT project_id, trace_ids[1], 'call:1', 'tool_error', md5(tools[1]), tools[1], 'KeyError: made',
         int8send(2), start_unix_nano, end_unix_nano, input_tokens % 2 = 0, user_id, conversation_id, event_id,
         release, environment
       FROM made WHERE error_count > 0
       UNION ALL
       SELECT project_id, trace_ids[1], 'loop:1', 'loop', md5('loop' || tools[1]), tools[1], 'made', NULL,
         start_unix_nano, end_unix_nano, false, user_id, conversation_id, event_id, release, environment
       FROM made WHERE loop_count > 0""",
    """INSERT INTO rainbarrel.issue_states (project_id, fingerprint, kind, tool, title, first_seen_unix_nano,
         first_release)
       SELECT project_id, fingerprint, kind, tool, min(title), min(start_unix_nano), min(release)
       FROM rainbarrel.findings GROUP BY project_id, fingerprint, kind, tool
       ON CONFLICT DO NOTHING""",
    """INSERT INTO rainbarrel.feedback (project_id, bucket, event_id, digest, received_at, name, type, sentiment,
         properties)
       SELECT project_id, current_date, event_id, trace_ids[1], received_at,
         CASE WHEN input_tokens % 3 = 0 THEN 'thumbs_up' ELSE 'thumbs_down' END, 'default',
         CASE WHEN input_tokens % 3 = 0 THEN 'POSITIVE' ELSE 'NEGATIVE' END, '{}'
       FROM made WHERE input_tokens % 20 < 1""",
    """INSERT INTO rainbarrel.users
       SELECT project_id, user_id, '{"plan": "pro"}', min(start_unix_nano), max(start_unix_nano), count(*)
       FROM made GROUP BY project_id, user_id""",
    """INSERT INTO rainbarrel.conversations
       SELECT project_id, conversation_id, min(user_id), min(start_unix_nano), max(start_unix_nano), count(*)
       FROM made GROUP BY project_id, conversation_id""",
    """INSERT INTO rainbarrel.dirty_hours (project_id, hour)
       SELECT DISTINCT project_id, start_unix_nano / 3600000000000 FROM rainbarrel.interactions""",
)
TABLES = (
    *("interactions", "interaction_words", "interaction_traces", "tool_calls", "loops", "findings", "feedback"),
    *("users", "conversations"),
)


def seed_interactions(connection: psycopg.Connection[Any], count: int, now_unix_nano: int) -> None:
    """Fills TABLES with `count` interactions of the last 30 days, in order of time, and marks their hours."""
    rng = random.Random(7)
    questions, answers = _texts(rng)
    for statement in _BEFORE:
        connection.execute(statement.encode())
    told: list[tuple[str, int, int]] = []
    with connection.cursor() as cursor:
        with cursor.copy(b"COPY text_words FROM STDIN") as copy:
            for text_id, text in enumerate([*questions, *answers]):
                copy.write_row((text_id, " ".join(f"'{word}'" for word in sorted(words_of(text)))))
        with cursor.copy(f"COPY rainbarrel.interactions ({COLUMNS}) FROM STDIN".encode()) as copy:
            for row, asked, answered in _rows(rng, questions, answers, count, now_unix_nano):
                copy.write_row(row)
                told.append((row[1], asked, answered + len(questions)))
        with cursor.copy(b"COPY said FROM STDIN") as copy:
            for one in told:
                copy.write_row(one)
    for statement in _DERIVED:
        connection.execute(statement.encode())


def made_trace_id(number: int) -> bytes:
    """The trace of the interaction of this number."""
    return hashlib.blake2b(number.to_bytes(8), digest_size=16).digest()


def _rows(
    rng: random.Random, questions: Sequence[str], answers: Sequence[str], count: int, now_unix_nano: int
) -> Iterator[tuple[tuple[Any, ...], int, int]]:
    """Rows of COLUMNS, each with the numbers of its question and of its answer."""
    step = DAYS * DAY_NS // count
    for n in range(count):
        start = now_unix_nano - (count - n) * step
        at = datetime.fromtimestamp(start // 1_000_000_000, UTC)
        user = int(rng.random() ** 2 * 50_000)
        tools = sorted({TOOLS[int(rng.random() ** 2 * len(TOOLS))] for _ in range(rng.randrange(4))})
        is_failed, is_looped = (bool(tools) and rng.random() < share for share in (0.1, 0.01))
        asked, answered = rng.randrange(len(questions)), rng.randrange(len(answers))
        question, answer = questions[asked], answers[answered]
        model = RARE if n % 100_000 == 777 else rng.choice(MODELS)
        yield (
            (1, f"evt-{n:08}", EVENTS[int(rng.random() ** 2 * 5)], f"user-{user}", f"convo-{n // 4}", start,
             start + 10**9, at, True, False, False, model, question, answer, question[:100], answer[:100],
             f'{{"env": "test", "n": {n}}}', '{"ui": "new"}', "[]", [made_trace_id(n)], tools, len(tools),
             int(is_failed), 0, int(is_looped), 100 + n % 5000, 50, 0.001, 10**9 + n % 10**9, f"1.{n * 20 // count}",
             "production" if n % 5 else "staging", at.date()),
            asked,
            answered,
        )  # fmt: skip


def _texts(rng: random.Random) -> tuple[list[str], list[str]]:
    """Questions of one sentence, answers of five."""
    vocabulary = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9))) for _ in range(3000)]
    vocabulary[:200] = [f"common{n}" for n in range(200)]
    questions = []
    for n in range(QUESTIONS_MADE):
        words = [vocabulary[int(rng.random() ** 2 * len(vocabulary))] for _ in range(12)]
        questions.append("".join(rng.choices(_CJK, k=20)) if n % 5 == 0 else " ".join(words) + ".")
    return questions, [" ".join(rng.choice(questions) for _ in range(5)) for _ in range(ANSWERS_MADE)]


async def roll_up_all(conninfo: str) -> None:
    """Makes the roll-ups of all marked hours."""
    work = RollupWork(conninfo)
    while await work.step(0.0):
        pass
    await work.close()
