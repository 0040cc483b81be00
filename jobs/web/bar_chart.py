"""Small bar charts as SVG, in the style of the site."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_WIDTH, _HEIGHT, _LABELS, _GAP, _THICKEST = 240, 70, 16, 8, 40


def bar_chart(labels: Sequence[str], values: Sequence[int | None], about: str) -> SafeString:
    """A bar per value, from left to right; losses hang below the line. Screen readers get ``about``."""
    known = [value for value in values if value is not None]
    high, low = max([0, *known]), min([0, *known])
    scale = _HEIGHT / ((high - low) or 1)
    step = _WIDTH / max(1, len(values))
    thick = min(_THICKEST, max(2.0, step - _GAP))
    rows = []
    for at, (label, value) in enumerate(zip(labels, values, strict=True)):
        size = max(1.0, abs(value or 0) * scale) if value else 0.0
        top = high * scale - (size if (value or 0) > 0 else 0)
        rows.append(
            (
                f"{at * step + (step - thick) / 2:.1f}",
                f"{top + 1:.1f}",
                f"{thick:.1f}",
                f"{size:.1f}",
                "loss" if (value or 0) < 0 else "gain",
                f"{at * step + step / 2:.1f}",
                str(_HEIGHT + _LABELS),
                label,
            )
        )
    shapes = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" rx="2" class="{}"/><text x="{}" y="{}">{}</text>',
        rows,
    )
    return format_html(
        '<svg class="bars" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        _WIDTH,
        _HEIGHT + _LABELS + 4,
        about,
        shapes,
    )
