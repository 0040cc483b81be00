"""Django's admin, for accounts and groups, behind the site's own login page."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from jobs.access import refuse, to_login

NOT_STAFF = "You may not manage accounts; ask an administrator for the staff status."

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class AccountsSite(AdminSite):
    """Has no login form of its own: one form to throttle is enough."""

    site_header = site_title = "Filesure: accounts"
    index_title = "Accounts"

    def login(self, _request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the index, which sends strangers to the login page of the site."""
        del extra_context
        return HttpResponseRedirect(reverse("admin:index", current_app=self.name))

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Let staff in; Django would show others its own login form, also those who are logged in."""
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if self.has_permission(request):
                return guarded(request, *args, **kwargs)
            return refuse(request, NOT_STAFF) if request.user.is_authenticated else to_login(request)

        return cast(View, update_wrapper(inner, guarded))
