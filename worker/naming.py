"""This process's name in leases."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.configuration.table import Configuration


def worker_name(configuration: Configuration) -> str:
    """This process's name in leases, unique among running workers."""
    return configuration.worker_id or f"{platform.node()}-{os.getpid()}"
