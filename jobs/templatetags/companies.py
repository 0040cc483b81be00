"""Template tags for companies: stated values with their sources, amounts and charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from jobs.domain.companies.filings import name_of_year, year_name
from jobs.domain.companies.finances import FinancialYear
from jobs.domain.companies.statements import Fact, Source, newest
from jobs.domain.company_id import IdKind, kind_of
from jobs.web.bar_chart import bar_chart

register = template.Library()

_CRORE, _LAKH = 10**9, 10**7  # paise
_DOUBTFUL = 0.8


@register.filter("year_name")
def named_year(year: int | None) -> str:
    return year_name(year) if year else "–"


@register.filter
def id_kind(identifier: str) -> str:
    """CIN, LLPIN or FCRN."""
    return kind_of(identifier) or IdKind.CIN


@register.filter
def money(paise: int | None) -> str:
    """₹ 412.6 Cr, ₹ 31.2 lakh, ₹ 4,200."""
    if paise is None:
        return "–"
    sign, size = "−" if paise < 0 else "", abs(paise)
    for unit, name in ((_CRORE, "Cr"), (_LAKH, "lakh")):
        if size >= unit:
            return f"{sign}₹ {size / unit:,.2f} {name}"
    return f"{sign}₹ {size / 100:,.0f}"


@register.filter
def day(value: date | None) -> str:
    return f"{value:%-d %b %Y}" if value else "–"


@register.filter
def year_of(end: date) -> str:
    """The name of the financial year that ends on this day."""
    return name_of_year(end)


@register.filter
def year_ranges(ends: Sequence[date]) -> str:
    """The financial years that end on these days, the oldest first: 2014-15, 2019-20 to 2023-24."""
    ranges: list[tuple[date, date]] = []
    for end in sorted({(each.year, each.month): each for each in ends}.values()):
        if ranges and (ranges[-1][1].year + 1, ranges[-1][1].month) == (end.year, end.month):
            ranges[-1] = (ranges[-1][0], end)
        else:
            ranges.append((end, end))
    names = (
        name_of_year(a) if a == b else f"{name_of_year(a)} to {name_of_year(b).removeprefix('to ')}" for a, b in ranges
    )
    return ", ".join(names) or "–"


#: Values shown of those on which filings disagree.
_MOST_SAID = 3
_SHOWN: Mapping[str, Callable[[Any], str]] = {
    "money": money,
    "day": day,
    "text": str,
    "percent": lambda each: f"{each} %",
}


@register.filter
def source_link(source: Source) -> SafeString:
    """A link to the page of the filing that states a value."""
    address = reverse("document", args=[source.job_id, source.number])
    page = f"?page={source.page}" if source.page else ""
    filed = f", filed {day(source.filed_on)}" if source.filed_on else ""
    doubt = ", read with little confidence" if source.confidence < _DOUBTFUL else ""
    return format_html(
        '<a class="source" href="{}{}" title="{}{}{}">{}</a>', address, page, source.form, filed, doubt, source.form
    )


@register.filter
def said(fact: Fact[Any] | None, kind: str = "text") -> SafeString | str:
    """The values that filings state for one matter, each with a link to the newest filing that states it."""
    if not fact:
        return "–"
    show = _SHOWN[kind]
    parts = ((show(each.value), source_link(each.source)) for each in fact[:_MOST_SAID])
    first = format_html("{} {}", *next(parts))
    others = format_html_join("", '<br><span class="differs">{} {}</span>', parts)
    rest = len(fact) - _MOST_SAID
    more = format_html('<br><span class="differs">and {} more in the Excel workbook</span>', rest) if rest > 0 else ""
    return format_html("{}{}{}", first, others, more)


@register.simple_tag
def measure(year: FinancialYear, name: str) -> SafeString | str:
    return said(year.measures.get(name), "money")


@register.simple_tag
def latest(years: Sequence[FinancialYear], name: str) -> str:
    """The newest year's value of a measure; ``years`` begin with the oldest."""
    return money(newest(years[-1].measures.get(name, ())))


@register.simple_tag
def growth(years: Sequence[FinancialYear], name: str) -> str:
    """How much a measure grew in the newest year, such as ▴ 9 %; empty if that or the year before is unknown."""
    if len(years) < 2:
        return ""
    before, last = years[-2:]
    if (before.end.year + 1, before.end.month) != (last.end.year, last.end.month):
        return ""
    old, new = (newest(each.measures.get(name, ())) for each in (before, last))
    if old is None or new is None or old <= 0:
        return ""
    percent = round(100 * (new - old) / old)
    return f"{'▴' if percent > 0 else '▾' if percent else '±'} {abs(percent):,} %"


@register.simple_tag
def bars(years: Sequence[FinancialYear], name: str, label: str) -> SafeString:
    """A bar per year, the oldest first; losses hang below the line. Screen readers get the numbers."""
    values = [newest(each.measures.get(name, ())) for each in years]
    text = ", ".join(f"{year.end.year}: {money(value)}" for year, value in zip(years, values, strict=True))
    return bar_chart([str(year.end.year) for year in years], values, f"{label} by year. {text}")
