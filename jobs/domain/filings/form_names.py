"""Which form a page begins: by the form's number in its title, or by the section that it is filed under."""

from __future__ import annotations

import re

from jobs.domain.filings.file_names import named_form

#: Titles cite the section and rule that require the form. The first match counts: rules are more specific.
_SECTIONS = (
    (r"rule\s+12A\b.{0,80}appointment and qualification", "DIR-3 KYC"),
    (r"section\s+10A", "INC-20A"),
    (r"section\s+129\s*\(3\)|consolidated financial statement.{0,200}section\s+13[67]", "AOC-4 CFS"),
    (r"section\s+137", "AOC-4"),
    (r"abridged annual return", "MGT-7A"),
    (r"sections?\s+92\s*\(1\)", "MGT-7"),
    (r"sections?\s+139", "ADT-1"),
    (r"sections?\s+82\b", "CHG-4"),
    (r"sections?\s+71\s*\(3\)", "CHG-9"),
    (r"sections?\s+77\b", "CHG-1"),
    (r"section[s]?\s+(?:7\s*\(1\)\s*\(c\)\s*,?\s*)?(?:168|170)\b", "DIR-12"),
    (r"sections?\s+12\s*\(2\)", "INC-22"),
    (r"sections?\s+(?:39\s*\(4\)|42\s*\((?:8|9)\))", "PAS-3"),
    (r"sections?\s+64\s*\(1\)", "SH-7"),
    (r"sections?\s+(?:94\s*\(1\)\s*,?\s*)?117\s*\(1\)", "MGT-14"),
    (r"sections?\s+73\b|acceptance of deposits", "DPT-3"),
    (r"section\s+220", "Form 23AC"),
    (r"section\s+159", "Form 20B"),
    (r"sections?\s+303\s*\(2\)", "Form 32"),
    (r"section\s+383A", "Form 66"),
    (r"sections?\s+125\b", "Form 8"),
    (r"section\s+138\b", "Form 17"),
)
_PURSUANT = re.compile(r"pursuant\s+to\s+(?:the\s+)?(.{1,300})", re.IGNORECASE | re.DOTALL)


def form_in_heading(text: str) -> str | None:
    """The form that a page with this beginning is of; None if it names none."""
    named, pursuant = named_form(text), _PURSUANT.search(text)
    if pursuant and (not named or pursuant.start() < named[0]):
        cited = " ".join(pursuant.group(1).split())
        found = next((form for pattern, form in _SECTIONS if re.search(pattern, cited, re.IGNORECASE)), None)
        if found:
            return found
    return _more_exact(named[1], text) if named else None


def _more_exact(form: str, text: str) -> str:
    """The variants of AOC-4 and DIR-3 name themselves in words."""
    if form == "AOC-4" and re.search(r"non[\s-]*banking financial", text, re.IGNORECASE):
        return "AOC-4 NBFC"
    if form == "AOC-4" and re.search(r"form for filing\s+(?:of\s+)?consolidated", text, re.IGNORECASE):
        return "AOC-4 CFS"
    if form == "DIR-3" and re.search(r"\bKYC\b", text):
        return "DIR-3 KYC"
    return form
