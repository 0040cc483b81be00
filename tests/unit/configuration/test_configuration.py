"""Settings: every invalid one is named with an example; secrets can come from files."""

from __future__ import annotations

import pytest

from jobs.configuration.reference import example, reference
from jobs.configuration.table import BASE_DIR, load
from jobs.domain.errors import ConfigurationError


def test_defaults_need_no_setting():
    configuration = load({})
    assert (configuration.port, configuration.run_fraction, configuration.worker_concurrency) == (5001, 0.35, 8)


def test_env_example_is_current():
    assert (BASE_DIR / "env.example").read_text() == example(), "run: make env.example"


def test_reference_page_is_current():
    assert (BASE_DIR / "docs/configuration.md").read_text() == reference(), "run: make docs/configuration.md"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("RUN_FRACTION", "35%"),
        ("RUN_FRACTION", "nan"),
        ("RUN_FRACTION", "1.01"),
        ("DEBUG", "maybe"),
        ("SOURCE", "mca"),
        ("BLOB_STORE", "s3"),
        ("LOG_LEVEL", "loud"),
        ("LEASE_SECONDS", "0"),
        ("MAX_WORKERS", "1.5"),
        ("SITE_URL", "filesure.example.com"),
        ("SITE_URL", "javascript://host"),
        ("SITE_URL", "https://host/"),
        ("SITE_URL", "https://host/jobs"),
        ("SITE_URL", "https://"),
        ("OIDC_ISSUER", "http://login.example.com"),
        ("OIDC_ISSUER", "https://login.example.com/?a"),
        ("OIDC_ROLES", "admins"),
        ("OIDC_ROLES", "admins=admin"),
        ("OIDC_ROLES", "=Admin"),
        *(("ORDERS_PER_MONTH", value) for value in ("9", "Boss=9", "Admin=0", "Admin=x", "Admin=1,Admin=2", "Admin=²")),
        ("TRACES_URL", "https://traces.example.com/"),
        ("TRACES_URL", "javascript:alert({trace})"),
        ("SITE_URL", "http://[::1"),
        ("SITE_URL", "https://staff:word@host"),
    ],
)
def test_wrong_value_is_named_with_example(name, value):
    with pytest.raises(ConfigurationError, match=rf"^{name} must be .*, for example {name}="):
        load({name: value})


@pytest.mark.parametrize("url", ["https://filesure.example.com", "http://localhost:5001", "http://[::1]:5001"])
def test_site_url_includes_scheme_and_port(url):
    assert load({"SITE_URL": url}).site_url == url


def test_all_wrong_values_are_reported_together():
    with pytest.raises(ConfigurationError, match=r"PORT.*DEBUG"):
        load({"PORT": "x", "DEBUG": "x"})


@pytest.mark.parametrize(
    ("given", "missing"), [({"SOURCE": "directory"}, "FILINGS_DIR"), ({"BLOB_STORE": "azure"}, "AZURE_STORAGE_")]
)
def test_missing_dependent_setting_is_named(given, missing):
    with pytest.raises(ConfigurationError, match=missing):
        load(given)


def test_sign_in_settings_belong_together():
    issuer = {"OIDC_ISSUER": "https://login.example.com/tenant/v2.0"}
    with pytest.raises(ConfigurationError, match=r"OIDC_CLIENT_ID.*OIDC_ROLES"):
        load(issuer)
    with pytest.raises(ConfigurationError, match="OIDC_ONLY"):
        load({"OIDC_ONLY": "1"})
    complete = load(issuer | {"OIDC_CLIENT_ID": "x", "OIDC_ROLES": "a=b=Admin, c=Viewer"})
    assert complete.oidc_roles == (("a=b", "Admin"), ("c", "Viewer"))


def test_empty_value_counts_as_unset():
    assert load({"PORT": "", "MONGODB_URI": ""}).mongodb_uri is None


def test_secret_is_read_from_a_file(tmp_path):
    secret = tmp_path / "uri"
    secret.write_text("mongodb://user:secret@host/\n")
    assert load({"MONGODB_URI_FILE": str(secret)}).mongodb_uri == "mongodb://user:secret@host/"


def test_missing_secret_file_is_named():
    with pytest.raises(ConfigurationError, match="MONGODB_URI_FILE"):
        load({"MONGODB_URI_FILE": "/nowhere/uri"})
