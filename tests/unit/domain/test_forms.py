"""One catalogue names the forms everywhere."""

from __future__ import annotations

import pytest

from jobs.domain.filings.file_names import form_in_text
from jobs.domain.filings.records import BY_FORM
from jobs.domain.forms import FORMS


@pytest.mark.parametrize("form", sorted({*FORMS, *BY_FORM}))
def test_every_form_is_recognised_by_name(form: str) -> None:
    assert form_in_text(form) == form


def test_every_requested_form_has_a_record() -> None:
    assert set(FORMS) <= set(BY_FORM)
