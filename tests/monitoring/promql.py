"""Which series and labels a PromQL expression names. It knows as much of the language as our expressions use."""

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
    """Series with their matchers, and the labels by which is grouped."""

    series: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    grouping: set[str] = field(default_factory=set)


def named(expression: str) -> Named:
    """What an expression names."""
    found = Named()
    for labels in _GROUPING.findall(expression):
        found.grouping |= {label.strip() for label in labels.split(",") if label.strip()}
    for name, matchers, call in _SELECTOR.findall(_RANGE.sub("", _GROUPING.sub(" ", expression))):
        if not call and name not in _WORDS:
            found.series.append((name, dict(_MATCHER.findall(matchers))))
    return found
