"""The directory: companies as the Ministry's master data lists them, whether they were ordered or not.

Names are found by keys, of which a company has some twenty: the beginnings of its words, and those beginnings with one
letter left out. A word and a misspelled one have such a key in common if one letter was added, left out or changed, or
two neighbours were exchanged. So every lookup is for equal keys, which an index answers at any number of companies;
``similarity``, by trigrams, then puts the few candidates in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from jobs.domain.company_names import words_of

LONGEST_TEXT = 100  # characters of a name that are considered while typing
#: Words that say nothing about which company it is.
_LEGAL = frozenset({"private", "limited", "pvt", "ltd", "llp", "opc", "the", "and", "of", "company", "co", "ms"})
_STEM, _SHORT_STEM = 6, 4
_MOST_WORDS, _MISSPELLED_WORDS = 6, 3
_SHORTEST_MISSPELLED = 4
_TRIGRAM = 3


class Standing(StrEnum):
    """The meaning of a status for an order."""

    GOING = "going"
    ENDING = "ending"
    STRUCK_OFF = "struck off"
    ENDED = "ended"


#: Statuses by the codes of the master data, in the words of this site.
_STATUSES = MappingProxyType(
    {
        "actv": ("Active", Standing.GOING),
        "acpr": ("Active in progress", Standing.GOING),
        "amal": ("Amalgamated", Standing.ENDED),
        "clld": ("Converted to LLP and dissolved", Standing.ENDED),
        "cllp": ("Converted to LLP", Standing.ENDED),
        "d455": ("Dormant under section 455", Standing.GOING),
        "disd": ("Dissolved", Standing.ENDED),
        "drmt": ("Dormant", Standing.GOING),
        "liqd": ("Liquidated", Standing.ENDED),
        "naef": ("Not available for e-filing", Standing.GOING),
        "stof": ("Struck off", Standing.STRUCK_OFF),
        "ulqd": ("Under liquidation", Standing.ENDING),
        "upso": ("Under process of striking off", Standing.ENDING),
    }
)
_CODES = MappingProxyType(
    {
        "strike off": "stof",
        "strikeoff": "stof",
        "under process of strike off": "upso",
        "under strike off": "upso",
        **{words.casefold(): code for code, (words, _) in _STATUSES.items()},
        **{code: code for code in _STATUSES},
    }
)


@dataclass(frozen=True, kw_only=True)
class ListedCompany:
    """One company of the directory. ``id`` is a CIN, LLPIN or FCRN. Capital in rupees; empty and None are unknown."""

    id: str
    name: str
    status: str
    kind: str = ""
    category: str = ""
    state: str = ""
    registered_on: date | None = None
    authorised_capital: int | None = None
    paid_up_capital: int | None = None

    @property
    def standing(self) -> Standing:
        code = _CODES.get(self.status.casefold())
        return _STATUSES[code][1] if code else Standing.GOING

    @property
    def warning(self) -> str | None:
        """A warning to show before an order; None without one."""
        if self.standing is Standing.GOING:
            return None
        if self.standing is Standing.STRUCK_OFF:
            return "Struck off the register: it can be ordered, but files no more documents."
        return f"{self.status} according to the register. It can be ordered."


def status_of(text: str) -> str:
    """A status in the words of this site; unknown ones are kept."""
    plain = " ".join(text.split())
    code = _CODES.get(plain.casefold())
    return _STATUSES[code][0] if code else plain.capitalize()


# --- names


def plain_name(name: str) -> str:
    """The words of a name in lower case. Names sort and are searched by it."""
    return " ".join(words_of(name))


def keys_of(name: str) -> list[str]:
    """The keys by which a name is found, whichever of its words is typed, with a slip or without."""
    telling = telling_words(name)[:_MOST_WORDS]
    found: dict[str, None] = {}
    for place, word in enumerate(telling):
        found.update(dict.fromkeys((word[:_STEM], word[:_SHORT_STEM])))
        if place < _MISSPELLED_WORDS:
            found.update(dict.fromkeys(_with_one_left_out(word[:_STEM])))
    return list(found)


def telling_words(name: str) -> list[str]:
    """The words of a name, without repetitions and those that most names have, unless it has no others."""
    words = list(dict.fromkeys(words_of(name)))
    return [word for word in words if word not in _LEGAL] or words


def sought_keys(text: str, *, misspelled: bool) -> list[list[str]]:
    """For each typed word, the keys of which a company must have one; the last word may be unfinished.

    ``misspelled``: also those of similar words. A last word that is too short to tell is left out if there are others.
    """
    *words, last = telling_words(text)[:_MOST_WORDS] or [""]
    sought = [[word[:_STEM]] for word in words]
    if len(last) >= _STEM or (last and not words and len(last) < _SHORT_STEM):
        sought.append([last[:_STEM]])
    elif len(last) >= _SHORT_STEM:
        sought.append([last] if misspelled else [last[:_SHORT_STEM]])
    return [[*keys, *_with_one_left_out(keys[0])] for keys in sought] if misspelled else sought


def _with_one_left_out(stem: str) -> list[str]:
    if len(stem) < _SHORTEST_MISSPELLED:
        return []
    return list(dict.fromkeys(stem[:at] + stem[at + 1 :] for at in range(len(stem))))


def similarity(text: str, name: str) -> float:
    """The share of the text's trigrams that the name has, 0 to 1, without words that most names have.

    The beginning of a word counts more than the rest.
    """
    wanted, given = _trigrams(telling_words(text)), _trigrams(telling_words(name))
    return len(wanted & given) / len(wanted) if wanted else 0.0


def _trigrams(words: Sequence[str]) -> set[str]:
    padded = (f"  {word}" for word in words)
    return {word[at : at + _TRIGRAM] for word in padded for at in range(len(word) - _TRIGRAM + 1)}
