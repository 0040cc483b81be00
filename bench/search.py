"""Searches in the text and the records of many documents, compared with 300 ms."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from functools import partial

from bench.filling import insert
from bench.measuring import Report, an_application, sized
from jobs.adapters.mongo.facts import key_of
from jobs.bootstrap import Application
from jobs.domain.record_search import RecordFact, RecordFilter, keys_of_name
from jobs.domain.search import Content, PageFilter, parse_query
from jobs.ports import PageIndex

PAGES = int(os.environ.get("BENCH_PAGES", sized(20_000, 100)))
FACTS = int(os.environ.get("BENCH_FACTS", sized(100_000, 200)))
ROUNDS = sized(60, 3)
TARGET_SECONDS = 0.3
_FIRST = ("Asha", "Ravi", "Lakshmi", "Manish", "Prakash", "Rohit", "Sunil", "Gaurav", "Meera", "Kiran")
_FORMS = ("AOC-4", "MGT-7", "DIR-12", "CHG-1", "MGT-14")
#: Each is on a tenth of the pages.
_COMMON = tuple(f"common{number}" for number in range(50))

Ask = Callable[[random.Random], object]


def measure(uri: str, report: Report) -> None:
    """Measure each kind of search."""
    with an_application(uri, mongodb_timeout_seconds=600.0) as app:
        _fill(app, "pages", PAGES, _page)
        _fill(app, "facts", FACTS, _fact)
        for name, size, ask in _kinds(app):
            late = _late_seconds(ask)
            report.add(
                f"search {name} in {size:,}, p95 / 300 ms", late / TARGET_SECONDS, 1.0, note=f"{late * 1e3:.0f} ms"
            )


def _kinds(app: Application) -> Iterator[tuple[str, int, Ask]]:
    pages, facts = app.pages, app.pages.facts
    texts: dict[str, Callable[[random.Random], tuple[str, PageFilter]]] = {
        "rare words": lambda chance: (_rare(chance), PageFilter()),
        "a common word": lambda chance: (chance.choice(_COMMON), PageFilter()),
        "a common and a rare word": lambda chance: (f"{chance.choice(_COMMON)} {_rare(chance)}", PageFilter()),
        "two common words": lambda chance: (" ".join(chance.choices(_COMMON, k=2)), PageFilter()),
        "a phrase": lambda chance: (f'"{" ".join(chance.choices(_COMMON, k=2))}"', PageFilter()),
        "an excluded word": lambda chance: (" -".join(chance.choices(_COMMON, k=2)), PageFilter()),
        "a common word, form and year": lambda chance: (
            chance.choice(_COMMON),
            PageFilter(form=chance.choice(_FORMS), year=chance.randrange(2010, 2026)),
        ),
        "a common word and a company": lambda chance: (
            chance.choice(_COMMON),
            PageFilter(cin=_cin(chance.randrange(PAGES))),
        ),
    }
    for name, asked in texts.items():
        yield name, PAGES, partial(_search, pages, asked)
    records: dict[str, Callable[[random.Random], RecordFilter]] = {
        "a director's name": lambda chance: RecordFilter(name=_name(chance)),
        "a first name": lambda chance: RecordFilter(name=chance.choice(_FIRST)),
        "a DIN": lambda chance: RecordFilter(din=_din(chance)),
        "an amount": lambda chance: RecordFilter(least=(low := chance.randrange(10**11)), most=low + 10**9),
        "a form, a year and an amount": lambda chance: RecordFilter(
            least=chance.randrange(10**11), form=chance.choice(_FORMS), year=chance.randrange(2010, 2026)
        ),
        "a director and an amount": lambda chance: RecordFilter(name=_name(chance), least=10**9),
    }
    for name, wanted in records.items():
        yield name, FACTS, partial(lambda wanted, chance: facts.search(wanted(chance), 400), wanted)


def _search(
    pages: PageIndex, asked: Callable[[random.Random], tuple[str, PageFilter]], chance: random.Random
) -> object:
    text, wanted = asked(chance)
    return pages.search(parse_query(text), wanted, 400).pages


def _late_seconds(ask: Ask) -> float:
    chance = random.Random(7)
    ask(chance)
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        ask(chance)
        times.append(time.perf_counter() - begun)
    return sorted(times)[int(len(times) * 0.95)]


def _fill(
    app: Application, collection: str, count: int, row: Callable[[int, random.Random], dict[str, object]]
) -> None:
    chance = random.Random(3)
    insert(app, collection, (row(at, chance) for at in range(count)))


def _cin(at: int) -> str:
    return f"U72900KA2008PTC{at // 400:06d}"


def _content(at: int) -> dict[str, object]:
    cin = _cin(at)
    content = Content(cin=cin, checksum=f"sha256:{at // 10:064d}")
    return {"content": key_of(content), "cin": cin, "form": _FORMS[at // 10 % 5], "year": 2010 + at // 50 % 16}


def _page(at: int, chance: random.Random) -> dict[str, object]:
    """Five common words, and 50 of 100,000 others."""
    words = [*chance.choices(_COMMON, k=5), *(_rare(chance) for _ in range(50))]
    return {**_content(at), "page": at % 10 + 1, "text": " ".join(words)}


def _fact(at: int, chance: random.Random) -> dict[str, object]:
    fact = RecordFact(what="directors", name=_name(chance), din=_din(chance)) if at % 2 else None
    value = {"what": "revenue", "amount": chance.randrange(10**11)}
    person = (
        {"what": "directors", "name": fact.name, "din": fact.din, "keys": keys_of_name(fact.name or "")} if fact else {}
    )
    return {**_content(at), "number": at % 10, **(person or value)}


def _rare(chance: random.Random) -> str:
    return f"word{chance.randrange(100_000)}"


def _name(chance: random.Random) -> str:
    return f"{chance.choice(_FIRST)} Surname{chance.randrange(5_000)}"


def _din(chance: random.Random) -> str:
    return f"{chance.randrange(50_000):08d}"
