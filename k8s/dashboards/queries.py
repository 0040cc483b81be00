"""The panels' PromQL expressions.

``sum`` is always correct here: recorded totals exist once per namespace (totals.py), and each process exports
only its own share of live series. It adds up namespaces and the labels that a panel does not show.
"""

from __future__ import annotations

from .totals import recorded

WINDOW = "$window"
SPAN = "$__range"
_NAMESPACE = 'namespace=~"$namespace"'


def chosen(series: str, *matchers: str) -> str:
    """A series in the selected namespaces. "All" includes series without a namespace, as exported outside a cluster."""
    return f"{series}{{{', '.join((_NAMESPACE, *matchers))}}}"


def durable(name: str, *matchers: str) -> str:
    """A metric of the catalogue, merged over all replicas; ``name`` is without the prefix."""
    return chosen(recorded(name), *matchers)


def added(series: str, by: str = "") -> str:
    """The sum by label."""
    return f"sum by ({by}) ({series})" if by else f"sum({series})"


def now(name: str, *matchers: str, by: str = "") -> str:
    """A gauge."""
    return added(durable(name, *matchers), by)


def per_second(name: str, *matchers: str, by: str = "") -> str:
    """The rate of a total."""
    return added(f"rate({durable(name, *matchers)}[{WINDOW}])", by)


def per_minute(name: str, *matchers: str, by: str = "") -> str:
    """The rate of a rare event."""
    return f"60 * {per_second(name, *matchers, by=by)}"


def gained(name: str, *matchers: str, by: str = "", span: str = SPAN) -> str:
    """The increase of a total."""
    return added(f"increase({durable(name, *matchers)}[{span}])", by)


def share(part: str, whole: str) -> str:
    """A part divided by a whole: 0 if the part has no series, empty if the whole has none."""
    return f"(({part}) or 0 * ({whole})) / (({whole}) > 0)"


def quantile(q: float, name: str, by: str = "") -> str:
    """A quantile of a durable histogram."""
    return _quantile(q, f"rate({durable(name + '_bucket')}[{WINDOW}])", by)


def live_quantile(q: float, series: str, *matchers: str, by: str = "") -> str:
    """A quantile of a histogram of which each process exports its share."""
    return _quantile(q, f"rate({chosen(series + '_bucket', *matchers)}[{WINDOW}])", by)


def _quantile(q: float, rates: str, by: str) -> str:
    return f"histogram_quantile({q}, {added(rates, f'le, {by}' if by else 'le')})"


def live_per_second(series: str, *matchers: str, by: str = "") -> str:
    """The total rate of a counter that each process exports."""
    return added(f"rate({chosen(series, *matchers)}[{WINDOW}])", by)
