"""The parts of the forms above lists."""

from __future__ import annotations

from django.template import Context, Template

HOSTILE = '"><script>alert(1)</script>'


def rendered(text: str) -> str:
    return Template("{% load filter_forms %}" + text).render(Context({"value": HOSTILE, "none": None}))


def test_values_of_filters_are_escaped():
    for tag in ("search_input", "field"):
        page = rendered("{% " + tag + ' "q" "Company" value maxlength=200 %}')
        assert 'value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in page
        assert 'maxlength="200"' in page
        assert "<script>" not in page


def test_filter_without_value_is_empty():
    assert 'value=""' in rendered('{% field "q" "Company" none %}')


def test_label_belongs_to_the_input_with_another_id():
    page = rendered('{% field "ended_since" "Ended from" none id="ended-since" %}')
    assert '<label for="ended-since">' in page
    assert 'id="ended-since" name="ended_since"' in page


def test_menu_keeps_its_fields_and_escapes_the_address():
    page = rendered('{% filter_menu value %}{% field "q" "Company" value %}{% endfilter_menu %}')
    assert '<div class="field"><label for="q">Company</label>' in page
    assert 'href="&quot;&gt;&lt;script&gt;' in page
    assert "<script>" not in page
