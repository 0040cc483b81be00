"""Type-ahead: suggestions from a large directory compared with a small one, and with 50 ms."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Sequence

from bench.measuring import Report, an_application, sized
from jobs.bootstrap import Application
from jobs.domain.directory import ListedCompany
from jobs.simulated_companies.listing import simulated_listing

FEW = sized(2_000, 100)
MANY = int(os.environ.get("BENCH_DIRECTORY", sized(100_000, 400)))
BATCH, TYPED, SHOWN = 1_000, sized(60, 3), 8
TARGET_SECONDS = 0.05


def measure(uri: str, report: Report) -> None:
    """Measure each way to type a name."""
    with an_application(uri) as small, an_application(uri) as large:
        # The embedded server collects the ids of a key before it intersects them.
        growth = 5.0 if os.environ.get("TEST_MONGODB_URI") else 20.0
        few, many = _filled(small, FEW), _filled(large, MANY)
        for way in ("the beginning", "words in any order", "a misspelled word", "nothing like a name"):
            typed = _typed(way, many[: len(few)])
            quick, slow = _seconds(small, typed), _seconds(large, typed)
            middle, late = statistics.median(slow), sorted(slow)[int(len(slow) * 0.95)]
            ratio = middle / statistics.median(quick)
            report.add(f"suggest {way}, {MANY:,} / {FEW:,}", ratio, growth, note=f"{middle * 1e3:.1f} ms")
            report.add(f"suggest {way}, p95 / 50 ms", late / TARGET_SECONDS, 1.0, note=f"{late * 1e3:.1f} ms")
        missed = sum(not _finds(large, name) for name in _typed("a misspelled word", many))
        report.add("misspelled names that are not found (count)", missed, TYPED // 10, count=True)


def _filled(app: Application, count: int) -> Sequence[ListedCompany]:
    companies = list(simulated_listing(count, "bench"))
    for begin in range(0, count, BATCH):
        app.directory.save(companies[begin : begin + BATCH])
    return companies


def _typed(way: str, companies: Sequence[ListedCompany]) -> list[str]:
    chance = random.Random(way)
    return [_as_typed(way, chance.choice(companies).name.split(), chance) for _ in range(TYPED)]


def _as_typed(way: str, words: Sequence[str], chance: random.Random) -> str:
    first, second, *_ = words
    if way == "the beginning":
        return first[: chance.randint(3, len(first))]
    if way == "words in any order":
        return f"{second} {first}"
    if way == "a misspelled word":
        at = chance.randrange(1, len(first))
        return f"{first[:at]}{chance.choice('aeiou')}{first[at:]} {second[:5]}"
    return "".join(chance.choice("qxzjkw") for _ in range(9))


def _seconds(app: Application, typed: Sequence[str]) -> list[float]:
    app.suggesting.suggest(typed[0], SHOWN)  # warm connection and plans
    return [_once(app, text) for text in typed]


def _once(app: Application, text: str) -> float:
    begun = time.perf_counter()
    app.suggesting.suggest(text, SHOWN)
    return time.perf_counter() - begun


def _finds(app: Application, text: str) -> bool:
    return bool(app.suggesting.suggest(text, SHOWN))
