"""Template filters."""

from __future__ import annotations

import pytest

from jobs.templatetags.filesure import relative


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.4, "now"),
        (-0.9, "now"),
        (-1, "1 sec ago"),
        (-59.9, "59 sec ago"),
        (-60, "1 min ago"),
        (-3599, "59 min ago"),
        (-7200, "2 hr ago"),
        (-86_399, "23 hr ago"),
        (-86_400, "yesterday"),
        (-2 * 86_400, "2 days ago"),
        (5, "in 5 sec"),
        (3600, "in 1 hr"),
        (86_400, "tomorrow"),
        (300 * 86_400, "in 300 days"),
    ],
)
def test_times_are_relative_in_the_words_of_the_script(seconds, shown):
    assert relative(seconds) == shown
