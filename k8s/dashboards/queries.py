"""What panels ask Prometheus for.

``sum`` is right everywhere below: the recorded totals stand once for each namespace (totals.py), and live
series are each process's own part. It adds up namespaces and those labels that a panel does not show.
"""

from __future__ import annotations

from .totals import recorded

WINDOW = "$window"
SPAN = "$__range"
_NAMESPACE = 'namespace=~"$namespace"'


def chosen(series: str, *matchers: str) -> str:
    """A series in the chosen namespaces. All of them includes those that have no such label, as on one machine."""
    return f"{series}{{{', '.join((_NAMESPACE, *matchers))}}}"


def durable(name: str, *matchers: str) -> str:
    """A metric of the catalogue, once, whatever replica told it; ``name`` lacks the prefix."""
    return chosen(recorded(name), *matchers)


def added(series: str, by: str = "") -> str:
    """The sum, for each value of a label."""
    return f"sum by ({by}) ({series})" if by else f"sum({series})"


def now(name: str, *matchers: str, by: str = "") -> str:
    """A gauge."""
    return added(durable(name, *matchers), by)


def per_second(name: str, *matchers: str, by: str = "") -> str:
    """How fast a total rises."""
    return added(f"rate({durable(name, *matchers)}[{WINDOW}])", by)


def per_minute(name: str, *matchers: str, by: str = "") -> str:
    """The same for what happens seldom."""
    return f"60 * {per_second(name, *matchers, by=by)}"


def gained(name: str, *matchers: str, by: str = "", span: str = SPAN) -> str:
    """By how much a total rose."""
    return added(f"increase({durable(name, *matchers)}[{span}])", by)


def share(part: str, whole: str) -> str:
    """A part of a whole; 0 where there is a whole without such a part, nothing where there is no whole."""
    return f"(({part}) or 0 * ({whole})) / (({whole}) > 0)"


def quantile(q: float, name: str, by: str = "") -> str:
    """Of a durable histogram."""
    return _quantile(q, f"rate({durable(name + '_bucket')}[{WINDOW}])", by)


def live_quantile(q: float, series: str, *matchers: str, by: str = "") -> str:
    """Of a histogram that each process exports its own part of."""
    return _quantile(q, f"rate({chosen(series + '_bucket', *matchers)}[{WINDOW}])", by)


def _quantile(q: float, rates: str, by: str) -> str:
    return f"histogram_quantile({q}, {added(rates, f'le, {by}' if by else 'le')})"


def live_per_second(series: str, *matchers: str, by: str = "") -> str:
    """How fast the counters of all processes together rise."""
    return added(f"rate({chosen(series, *matchers)}[{WINDOW}])", by)
