"""Recording rules generated from the catalogue: one series for each total that all web replicas export alike.

If the replica that was scraped last disappears, a plain ``max`` drops a little, and ``rate`` treats that as a
restart from zero and adds the whole total. The maximum over a minute does not drop, since the other replicas are
scraped within that minute.
"""

from __future__ import annotations

from jobs.telemetry.metrics import CATALOGUE, PREFIX, Family, Kind, Origin

_HEAD = """\
# Written by `make dashboards` from jobs/telemetry/metrics.py; k8s/dashboards/totals.py explains why.
# All web replicas export the same numbers from MongoDB. These rules record each number once.
groups:
  - name: filesure-totals
    rules:
"""
_HISTOGRAM = (("_bucket", ("le",)), ("_sum", ()), ("_count", ()))


def recorded(name: str) -> str:
    """The recorded series of a metric; ``name`` is without the prefix."""
    return f"filesure:{name}:max"


def totals() -> str:
    """The content of ``rules/totals.yaml``."""
    lines = [line for family in CATALOGUE if family.origin is not Origin.PROCESS for line in _rules(family)]
    return _HEAD + "\n".join(lines) + "\n"


def _rules(family: Family) -> list[str]:
    parts = _HISTOGRAM if family.kind is Kind.HISTOGRAM else (("", ()),)
    return [line for suffix, labels in parts for line in _rule(family, suffix, labels)]


def _rule(family: Family, suffix: str, more_labels: tuple[str, ...]) -> list[str]:
    by = ", ".join(("namespace", *family.labels, *more_labels))
    series = family.name + suffix
    value = series if family.kind is Kind.GAUGE else f"max_over_time({series}[1m])"
    return [f"      - record: {recorded(series.removeprefix(PREFIX))}", f"        expr: max by ({by}) ({value})"]
