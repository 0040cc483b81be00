"""Chance that repeats itself."""

from __future__ import annotations

import random
from datetime import date, timedelta


def chance_of(*seed: object) -> random.Random:
    """The same in each process: ``random.Random`` seeded with text is stable, ``hash()`` is not."""
    return random.Random("/".join(str(part) for part in seed))  # noqa: S311  repeatable, not secret


def day_between(chance: random.Random, first: date, last: date) -> date:
    return first + timedelta(days=chance.randint(0, max(0, (last - first).days)))


def rounded(amount: float, step: int) -> int:
    """The nearest multiple of the step, at least one step."""
    return max(step, round(amount / step) * step)
