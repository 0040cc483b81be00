"""Reads form, SRN and date from file names. People and portals follow different conventions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from jobs.domain.filings.amounts import parse_date
from jobs.domain.filings.identifiers import Identifier, find
from jobs.domain.forms import OLD_FORMS, SERIES

_MODERN = re.compile(
    rf"(?<![A-Z])({'|'.join(SERIES)})[\s_\-.]*(?:FORM[\s_\-.]*)?(\d{{1,2}})([A-C]?)"
    r"(?=[^A-Z0-9]|$|CFS|XBRL|NBFC|KYC)((?:[\s_\-.(]*(?:CFS|XBRL|NBFC|KYC)(?![A-Z])){0,2})"
)
_OLD = re.compile(r"(?<![A-Z0-9])FORM[\s_\-.]*(?:NO[\s_\-.]*)?(\d{1,2}[A-C]{0,3})(?![A-Z0-9])")
_SEPARATED = re.compile(r"[_\s()\[\]{}]+")


@dataclass(frozen=True, kw_only=True)
class Named:
    """The parts of a file name; None for those it does not contain."""

    form: str | None
    srn: str | None
    filed_on: date | None


def from_file_name(name: str) -> Named:
    """For example, ``Form_CHG-1_AB1190384_03032025.pdf`` is CHG-1, AB1190384, 3 March 2025."""
    stem = name.rpartition(".")[0] if re.search(r"\.[A-Za-z0-9]{1,5}$", name) else name
    spaced = _SEPARATED.sub(" ", stem.upper())
    return Named(form=form_in_text(spaced), srn=_srn(spaced), filed_on=parse_date(spaced) or _short_date(spaced))


def form_in_text(text: str) -> str | None:
    """The first form named in the text, under the current Act or the 1956 Act."""
    named = named_form(text)
    return named[1] if named else None


def named_form(text: str) -> tuple[int, str] | None:
    """The first form named in the text, and where."""
    upper = text.upper()
    return min((*_modern(upper), *_old(upper)), default=None)


def _modern(text: str) -> Iterator[tuple[int, str]]:
    for match in _MODERN.finditer(text):
        letters, number, suffix, variants = match.groups()
        if 1 <= int(number) <= SERIES[letters]:
            variant = sorted(re.findall("[A-Z]+", variants))
            yield match.start(), " ".join([f"{letters}-{int(number)}{suffix}", *variant])


def _old(text: str) -> Iterator[tuple[int, str]]:
    return ((match.start(), f"Form {match.group(1)}") for match in _OLD.finditer(text) if match.group(1) in OLD_FORMS)


def _srn(text: str) -> str | None:
    # A date may look like the digits of an SRN, but it has no letter before it; a form's number is too short.
    return find(Identifier.SRN, text.replace("-", " "))


def _short_date(text: str) -> date | None:
    """Day, month and two digits of the year: the portal's own names end so, as in ``AOC-4(XBRL)-291119``."""
    for match in re.finditer(r"(?<!\d)(\d{2})(\d{2})(\d{2})(?!\d)", text, re.ASCII):
        day, month, year = match.groups()
        found = parse_date(f"{day}/{month}/20{year}")
        if found:
            return found
    return None
