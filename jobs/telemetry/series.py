"""The keys of series in the totals, such as ``filesure_runs_total?outcome=completed``."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote


def series_key(name: str, labels: Mapping[str, str]) -> str:
    """The key of a series. A histogram's ``name`` includes the suffix, such as ``_bucket``."""
    shown = "&".join(f"{quote(label)}={quote(labels[label])}" for label in sorted(labels))
    return f"{name}?{shown}" if shown else name


def parsed(key: str) -> tuple[str, dict[str, str]]:
    """The name and labels in a key."""
    name, _, shown = key.partition("?")
    pairs = (pair.split("=", 1) for pair in shown.split("&") if pair)
    return name, {unquote(label): unquote(value) for label, value in pairs}
