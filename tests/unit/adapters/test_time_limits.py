"""Queries that take too long are reported as such, whatever a server calls it."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from pymongo.errors import ExecutionTimeout, OperationFailure

from jobs.adapters.mongo.paging import in_time
from jobs.domain.errors import TooSlow


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ExecutionTimeout("operation exceeded time limit", 50), TooSlow),
        (OperationFailure("canceling statement due to statement timeout", 1), TooSlow),
        (OperationFailure("not authorized", 13), OperationFailure),
    ],
)
def test_servers_time_limits_are_recognised(error, expected):
    def query() -> None:
        raise error

    with pytest.raises(expected):
        in_time(Mock(), query)
