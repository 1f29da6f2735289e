"""Asks the same question again and again, each time with other values, and measures times and CPU."""

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tests.benchmarks.cpu import shared_cpu_s

Question = Callable[[random.Random], str]  # makes a path with values of its own
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Asked(Generic[Answer]):
    """What came of all passes."""

    answers: list[Answer]
    took_ms: list[float]  # each answer
    cpu_ms: float  # of server and database, for one answer


async def ask_again(
    name: str, question: Question, ask: Callable[[str], Awaitable[Answer]], passes: int, postmaster: int
) -> Asked[Answer]:
    """So many times, one after the other, after once for nothing: plans, caches and connections are warm then."""
    rng = random.Random(name)
    await ask(question(rng))
    answers, took_ms = [], []
    cpu_s = shared_cpu_s(postmaster)
    for _ in range(passes):
        path = question(rng)
        began = time.perf_counter()
        answers.append(await ask(path))
        took_ms.append((time.perf_counter() - began) * 1000)
    return Asked(answers, took_ms, (shared_cpu_s(postmaster) - cpu_s) * 1000 / passes)
