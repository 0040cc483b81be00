"""The recording rules that follow from the catalogue: one series for what every web replica exports alike.

A replica that ends may have been scraped a moment later than the others: the plain ``max`` would then fall a
little, and ``rate`` would take that for a restart from zero and add the whole total. A minute's maximum cannot
fall, for in a minute the others are scraped as well.
"""

from __future__ import annotations

from jobs.domain.metrics import CATALOGUE, Family, Kind, Origin

_HEAD = """\
# Written by `make dashboards` from jobs/domain/metrics.py; k8s/dashboards/totals.py says why it is so.
# Every web replica exports the same numbers out of MongoDB: here is each of them once, whatever replica told it.
groups:
  - name: filesure-totals
    rules:
"""
_HISTOGRAM = (("_bucket", ("le",)), ("_sum", ()), ("_count", ()))


def recorded(name: str) -> str:
    """The series of a metric of the catalogue; ``name`` lacks the prefix."""
    return f"filesure:{name}:max"


def totals() -> str:
    """``rules/totals.yaml``."""
    lines = [line for family in CATALOGUE if family.origin is not Origin.PROCESS for line in _rules(family)]
    return _HEAD + "\n".join(lines) + "\n"


def _rules(family: Family) -> list[str]:
    parts = _HISTOGRAM if family.kind is Kind.HISTOGRAM else (("", ()),)
    return [line for suffix, labels in parts for line in _rule(family, suffix, labels)]


def _rule(family: Family, suffix: str, more_labels: tuple[str, ...]) -> list[str]:
    by = ", ".join(("namespace", *family.labels, *more_labels))
    series = family.full_name + suffix
    value = series if family.kind is Kind.GAUGE else f"max_over_time({series}[1m])"
    return [f"      - record: {recorded(family.name + suffix)}", f"        expr: max by ({by}) ({value})"]
