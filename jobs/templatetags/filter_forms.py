"""Template tags for the parts of the forms above lists: the search, the menu of filters and its fields."""

from __future__ import annotations

from django import template
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def search_input(name: str, label: str, value: str | None, **attributes: str | int) -> SafeString:
    """The input beside the heading; its label is shown as the placeholder."""
    shown = {"type": "search", "id": name, "name": name, "value": value or "", "placeholder": label, **attributes}
    return format_html('<label class="hidden" for="{}">{}</label><input{}>', name, label, flatatt(shown))


@register.simple_tag
def field(name: str, label: str, value: str | None, **attributes: str | int) -> SafeString:
    """An input with its label. ``id`` is the name if it is not among the attributes."""
    shown = {"id": name, "name": name, "value": value or "", **attributes}
    return format_html(
        '<div class="field"><label for="{}">{}</label><input{}></div>', shown["id"], label, flatatt(shown)
    )


@register.simple_block_tag
def filter_menu(content: SafeString, reset: str, side: str = "") -> str:
    """The button "Filter +" with its panel of fields. ``reset`` is the address of the list without filters."""
    return render_to_string("_filter_menu.html", {"fields": content, "reset": reset, "side": side})
