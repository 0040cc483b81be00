"""What a bulk action says about its selection."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from jobs.domain.audit import Action
from jobs.domain.bulk_action import BulkAction
from jobs.web.forms import JobSearch

ONE, OTHER = "1" * 24, "2" * 24


@pytest.mark.parametrize(
    ("filters", "list_id"),
    [
        ("", None),
        ("status=failed", None),
        (f"in_list={ONE}&status=failed", ONE),
        (f"in_list={ONE}&in_list={OTHER}", OTHER),
        (f"in_list={ONE}&in_list=", None),
        ("in_list=a/b&in_list=", None),
    ],
)
def test_list_is_the_one_that_the_filter_selects(filters, list_id):
    at = datetime(2026, 1, 5, tzinfo=UTC)
    assert BulkAction(id=OTHER, action=Action.RETRY, by="asha", at=at, filters=filters).list_id == list_id
    search = JobSearch(QueryDict(filters))
    assert (search.wanted.list_id or None, search.ignored) == (list_id, "")
