"""Local accounts beside those of a provider: connecting them, logging out, and passwords."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from jobs.configuration.table import load
from jobs.models import ExternalIdentity
from tests.integration.signing_in import account, begin, go, roles
from tests.processes import ROOT, plain_environment

pytestmark = [pytest.mark.server, pytest.mark.django_db]


@pytest.fixture
def local(provider, client):
    user = get_user_model().objects.create_user("priya", password="a long password")
    user.groups.set(Group.objects.filter(name="Viewer"))
    client.force_login(user)
    return user


def test_local_account_is_connected_after_confirmation(local, provider, client):
    page = go(client, provider, connect="1")
    assert "priya@contoso.example" in page.content.decode()
    assert not ExternalIdentity.objects.exists()
    assert client.post("/account/connect/")["Location"] == "/account/"
    assert go(Client(), provider).status_code == 302
    assert (get_user_model().objects.count(), roles("priya")) == (1, ["Operator"])


def test_connecting_needs_the_confirmation_page(local, provider, client):
    assert client.post("/account/connect/").status_code == 403
    begun = begin(client, connect="1")
    client.force_login(get_user_model().objects.create_user("another"))
    assert client.get(provider.log_in(begun, "priya-1")).status_code in (400, 403)
    assert not ExternalIdentity.objects.exists()


def test_connected_identity_stays_with_its_account(local, provider, client):
    go(Client(), provider)
    go(client, provider, connect="1")
    assert client.post("/account/connect/").status_code == 409
    assert ExternalIdentity.objects.get().user == account()


def test_logging_out_ends_the_session_and_offers_the_providers(provider, client):
    go(client, provider)
    answer = client.post("/logout/")
    assert answer["Location"] == "/login/?out=1"
    assert "_auth_user_id" not in client.session
    assert "log out there too" in client.get(answer["Location"]).content.decode()
    assert client.get("/logout/provider/")["Location"].startswith(f"{provider.issuer}/session/end?")


def test_passwords_remain_for_emergencies_only(provider, client, settings):
    settings.SIGN_IN = load(provider.settings(OIDC_ONLY="1"))
    get_user_model().objects.create_user("asha", password="a long password")
    get_user_model().objects.create_superuser("glass", password="a long password")
    given = {"username": "asha", "password": "a long password"}
    assert "Sign in with Contoso." in client.post("/login/", given).content.decode()
    assert client.post("/login/", given | {"username": "glass"}).status_code == 302


def test_without_a_provider_its_addresses_do_not_exist(client, settings):
    settings.SIGN_IN = load({})
    assert [client.get(path).status_code for path in ("/login/provider/", "/login/provider/done/")] == [404, 404]
    assert "Sign in with" not in client.get("/login/").content.decode()


@pytest.mark.parametrize("settings", ["filesure_site.settings", "filesure_site.worker_settings"])
def test_neither_site_nor_worker_loads_the_library_at_its_start(settings, data_dir):
    """Nor that of passkeys. Both import cryptography, which would make them start later."""
    script = (
        "import sys, django; django.setup(); from django.conf import settings\n"
        "from django.urls import get_resolver; getattr(settings, 'ROOT_URLCONF', 0) and get_resolver().url_patterns\n"
        "print({'authlib', 'joserfc', 'cryptography', 'fido2'} & sys.modules.keys())"
    )
    environment = plain_environment() | {"DJANGO_SETTINGS_MODULE": settings, "DATA_DIR": str(data_dir)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, text=True, capture_output=True, check=True
    )
    assert done.stdout == "set()\n"
