"""Searches in the text and the records of many documents, compared with 300 ms."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import accumulate

from bench.filling import insert
from bench.measuring import Report, an_application, sized
from jobs.adapters.mongo.facts import key_of
from jobs.adapters.mongo.schema import ensure
from jobs.bootstrap import Application
from jobs.domain.record_search import RecordFact, RecordFilter, keys_of_name
from jobs.domain.search import Content, PageFilter, parse_query
from jobs.ports import PageIndex
from jobs.web.text_search import MOST_CANDIDATES, MOST_HITS

#: The embedded server, which is for one machine, would fill a million for hours.
_IS_GIVEN = "TEST_MONGODB_URI" in os.environ
PAGES = int(os.environ.get("BENCH_PAGES", sized(1_000_000 if _IS_GIVEN else 20_000, 100)))
FACTS = int(os.environ.get("BENCH_FACTS", sized(1_000_000 if _IS_GIVEN else 100_000, 200)))
ROUNDS = sized(60, 3)
TARGET_SECONDS = 0.3
_FIRST = ("Asha", "Ravi", "Lakshmi", "Manish", "Prakash", "Rohit", "Sunil", "Gaurav", "Meera", "Kiran")
_FORMS = ("AOC-4", "MGT-7", "DIR-12", "CHG-1", "MGT-14")
#: As in natural language, a word is rarer the later it comes: the first ten are on most pages.
_WORDS = tuple(f"w{rank}" for rank in range(1, 300_001))
_WEIGHTS = tuple(accumulate(1 / rank for rank in range(1, len(_WORDS) + 1)))
_COMMON, _RARE = _WORDS[:10], _WORDS[20_000:]
_WORDS_OF_PAGE = 100

Ask = Callable[[random.Random], object]


def measure(uri: str, report: Report) -> None:
    """Measure each kind of search."""
    with an_application(uri, mongodb_timeout_seconds=3_600.0) as app:
        for filled in ("pages", "facts"):
            app.database[filled].drop_indexes()  # built afterwards, which takes a third of the time
        insert(app, "pages", map(_page, range(PAGES)))
        insert(app, "facts", map(partial(_fact, random.Random(3)), range(FACTS)))
        ensure(app.database)
        for name, size, ask in _kinds(app):
            late = _late_seconds(ask)
            report.add(
                f"search {name} in {size:,}, p95 / 300 ms", late / TARGET_SECONDS, 1.0, note=f"{late * 1e3:.0f} ms"
            )


def _kinds(app: Application) -> Iterator[tuple[str, int, Ask]]:
    pages, facts = app.pages, app.pages.facts
    texts: dict[str, Callable[[random.Random], tuple[str, PageFilter]]] = {
        "a rare word": lambda chance: (chance.choice(_RARE), PageFilter()),
        "a common word": lambda chance: (chance.choice(_COMMON), PageFilter()),
        "a common and a rare word": lambda chance: (f"{_common(chance, 1)} {chance.choice(_RARE)}", PageFilter()),
        "two common words": lambda chance: (_common(chance, 2), PageFilter()),
        "ten common words": lambda chance: (_common(chance, 10), PageFilter()),
        "five words of a page": lambda chance: (" ".join(chance.sample(_some_words(chance), 5)), PageFilter()),
        "a phrase of three words": lambda chance: (_phrase(chance, 3), PageFilter()),
        "a phrase of twelve words": lambda chance: (_phrase(chance, 12), PageFilter()),
        "an excluded word": lambda chance: (_common(chance, 2).replace(" ", " -"), PageFilter()),
        "a common word of a form": lambda chance: (chance.choice(_COMMON), PageFilter(form=chance.choice(_FORMS))),
        "a common word of a form and year": lambda chance: (
            chance.choice(_COMMON),
            PageFilter(form=chance.choice(_FORMS), year=chance.randrange(2010, 2026)),
        ),
        "a common word of a company": lambda chance: (
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
        yield name, FACTS, partial(lambda wanted, chance: facts.search(wanted(chance), MOST_CANDIDATES), wanted)


def _search(
    pages: PageIndex, asked: Callable[[random.Random], tuple[str, PageFilter]], chance: random.Random
) -> object:
    text, wanted = asked(chance)
    query = parse_query(text)
    found = pages.search(query, wanted, MOST_CANDIDATES, enough=MOST_HITS + 1)
    shown = [page.content for page in found.pages if query.matches(page.text)][:MOST_HITS]
    return pages.documents(set(shown))


def _late_seconds(ask: Ask) -> float:
    chance = random.Random(7)
    ask(chance)
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        ask(chance)
        times.append(time.perf_counter() - begun)
    return sorted(times)[int(len(times) * 0.95)]


def _cin(at: int) -> str:
    return f"U72900KA2008PTC{at // 400:06d}"


def _content(at: int) -> dict[str, object]:
    cin = _cin(at)
    content = Content(cin=cin, checksum=f"sha256:{at // 10:064d}")
    return {"content": key_of(content), "cin": cin, "form": _FORMS[at // 10 % 5], "year": 2010 + at // 50 % 16}


def _page(at: int) -> dict[str, object]:
    return {**_content(at), "page": at % 10 + 1, "text": " ".join(_words(at))}


def _words(at: int) -> list[str]:
    """The same each time, so that searches know words and phrases of a page."""
    return random.Random(at).choices(_WORDS, cum_weights=_WEIGHTS, k=_WORDS_OF_PAGE)


def _fact(chance: random.Random, at: int) -> dict[str, object]:
    fact = RecordFact(what="directors", name=_name(chance), din=_din(chance)) if at % 2 else None
    value = {"what": "revenue", "amount": chance.randrange(10**11)}
    person = (
        {"what": "directors", "name": fact.name, "din": fact.din, "keys": keys_of_name(fact.name or "")} if fact else {}
    )
    return {**_content(at), "number": at % 10, **(person or value)}


def _common(chance: random.Random, count: int) -> str:
    return " ".join(chance.sample(_COMMON, count))


def _some_words(chance: random.Random) -> list[str]:
    return _words(chance.randrange(PAGES))


def _phrase(chance: random.Random, count: int) -> str:
    begin = chance.randrange(_WORDS_OF_PAGE - count)
    return f'"{" ".join(_some_words(chance)[begin : begin + count])}"'


def _name(chance: random.Random) -> str:
    return f"{chance.choice(_FIRST)} Surname{chance.randrange(5_000)}"


def _din(chance: random.Random) -> str:
    return f"{chance.randrange(50_000):08d}"
