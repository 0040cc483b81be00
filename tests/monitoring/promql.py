"""The series and labels in a PromQL expression, for the part of the language used here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_RANGE = re.compile(r"\[[^\]]*\]")
_SELECTOR = re.compile(r"(?<![\w:.])([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?(\s*\()?")
_MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
_WORDS = {"and", "or", "unless", "offset", "bool", "group_left"}


@dataclass(kw_only=True)
class Named:
    """Series with their matchers, and the grouping labels."""

    series: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    grouping: set[str] = field(default_factory=set)


def named(expression: str) -> Named:
    """The names in an expression."""
    found = Named()
    for labels in _GROUPING.findall(expression):
        found.grouping |= {label.strip() for label in labels.split(",") if label.strip()}
    for name, matchers, call in _SELECTOR.findall(_RANGE.sub("", _GROUPING.sub(" ", expression))):
        if not call and name not in _WORDS:
            found.series.append((name, dict(_MATCHER.findall(matchers))))
    return found
