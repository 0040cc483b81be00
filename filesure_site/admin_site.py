"""Django's admin, for accounts and groups, behind the site's own login page."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from jobs.web.access import refuse, to_login

NOT_STAFF = "Your account cannot manage accounts. Ask an administrator for the staff status."

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class AccountsSite(AdminSite):
    """Uses the site's login form, so that only one form needs throttling."""

    site_header = site_title = "Filesure: accounts"
    index_title = "Accounts"

    def login(self, _request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Redirect to the index, which redirects anonymous users to the site's login page."""
        del extra_context
        return HttpResponseRedirect(reverse("admin:index", current_app=self.name))

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Admit staff only. Django would show its own login form to everyone else, even to logged-in users."""
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if self.has_permission(request):
                return guarded(request, *args, **kwargs)
            return refuse(request, NOT_STAFF) if request.user.is_authenticated else to_login(request)

        return cast(View, update_wrapper(inner, guarded))
