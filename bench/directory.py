"""Type-ahead: suggestions from a large directory compared with a small one, and with 50 ms."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Sequence
from itertools import islice

from bench.measuring import Report, an_application, sized
from jobs.adapters.mongo.schema import ensure
from jobs.bootstrap import Application
from jobs.simulated_companies.listing import simulated_listing

FEW = sized(2_000, 100)
IS_GIVEN = "TEST_MONGODB_URI" in os.environ
#: All companies of India, or what the embedded server, which is for one machine, fills in a minute.
MANY = int(os.environ.get("BENCH_DIRECTORY", sized(2_500_000 if IS_GIVEN else 100_000, 400)))
BATCH, TYPED, SHOWN = 1_000, sized(60, 3), 8
TARGET_SECONDS = 0.05


def measure(uri: str, report: Report) -> None:
    """Measure each way to type a name."""
    with an_application(uri) as small, an_application(uri, mongodb_timeout_seconds=600.0) as large:
        # The embedded server collects the ids of a key before it intersects them.
        growth = 10.0 if IS_GIVEN else 20.0
        _fill(small, FEW), _fill(large, MANY)
        names = [each.name for each in simulated_listing(FEW, "bench")]  # both have these
        for way in ("the beginning", "words in any order", "a misspelled word", "nothing like a name"):
            typed = _typed(way, names)
            quick, slow = _seconds(small, typed), _seconds(large, typed)
            middle, late = statistics.median(slow), sorted(slow)[int(len(slow) * 0.95)]
            ratio = middle / statistics.median(quick)
            report.add(f"suggest {way}, {MANY:,} / {FEW:,}", ratio, growth, note=f"{middle * 1e3:.1f} ms")
            report.add(f"suggest {way}, p95 / 50 ms", late / TARGET_SECONDS, 1.0, note=f"{late * 1e3:.1f} ms")
        missed = sum(not _finds(large, name) for name in _typed("a misspelled word", names))
        report.add("misspelled names that are not found (count)", missed, TYPED // 10, count=True)


def _fill(app: Application, count: int) -> None:
    """Indexes are built afterwards: DocumentDB would take an hour to add 2.5 million companies to them one by one."""
    app.database["directory"].drop_indexes()
    companies = iter(simulated_listing(count, "bench"))
    while batch := list(islice(companies, BATCH)):
        app.directory.save(batch)
    ensure(app.database)


def _typed(way: str, names: Sequence[str]) -> list[str]:
    chance = random.Random(way)
    return [_as_typed(way, chance.choice(names).split(), chance) for _ in range(TYPED)]


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
