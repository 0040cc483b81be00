"""The web site's URLs."""

from django.contrib import admin
from django.urls import include, path

from filesure_site.health import healthz, readyz
from filesure_site.login import login, logout
from filesure_site.login_code import login_code
from filesure_site.metrics import metrics
from filesure_site.oidc import views as oidc
from filesure_site.passkey_login import options, passkey_login, second_options, second_step
from jobs.web.api.site import addresses, api, create_job_api

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("login/", login, name="login"),
    path("login/code/", login_code, name="login_code"),
    path("login/code/passkey/", second_step, name="login_code_passkey"),
    path("login/code/passkey/options/", second_options, name="login_code_passkey_options"),
    path("login/passkey/", passkey_login, name="passkey_login"),
    path("login/passkey/options/", options, name="passkey_login_options"),
    path("login/provider/", oidc.start, name="oidc_start"),
    path("login/provider/done/", oidc.callback, name="oidc_callback"),
    path("logout/", logout, name="logout"),
    path("logout/provider/", oidc.log_out_there, name="oidc_logout"),
    path("account/connect/", oidc.connect, name="oidc_connect"),
    path("admin/", admin.site.urls),
    path("", include("jobs.urls")),
    path("api/", addresses(api)),
    path("", addresses(create_job_api)),
]
