"""The declaration of one setting."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from jobs.configuration import readers as env


def setting(parse: env.Parse[Any], default: Any, about: str, *, example: str = "", secret: bool = False) -> Any:
    """Declare a setting. Its environment variable is the field's name in upper case."""
    shown = ",".join(default) if isinstance(default, tuple) else str(default)
    meta = {"parse": parse, "about": about, "example": example or shown, "secret": secret}
    return field(default=default, metadata=meta)
