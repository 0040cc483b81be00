"""The web site's addresses."""

from django.contrib import admin
from django.urls import include, path

from filesure_site.health import healthz, readyz
from filesure_site.login import login, logout

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("login/", login, name="login"),
    path("logout/", logout, name="logout"),
    path("admin/", admin.site.urls),
    path("", include("jobs.urls")),
]
