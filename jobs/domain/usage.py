"""What people have used, by month."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One person's orders of one month (``2026-11``, in UTC), and what they have stored and read so far.

    ``documents`` includes files that another order stored, which add no ``bytes``. What is read again counts again.
    """

    month: str
    by: str
    orders: int
    documents: int
    bytes: int
    pages: int
