"""Settings that other settings require."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.configuration.table import Configuration


def missing(configuration: Configuration) -> list[str]:
    """Messages about settings that other settings require."""
    problems = []
    if configuration.https_only and not configuration.proxies:
        # Without the proxy's X-Forwarded-Proto, every request looks like HTTP and would be redirected forever.
        problems.append("HTTPS_ONLY=1 needs PROXIES, the number of proxies in front, for example PROXIES=1.")
    if configuration.allow_anonymous_demo and not configuration.debug:
        problems.append("ALLOW_ANONYMOUS_DEMO=1 is for demonstrations on one machine: it needs DEBUG=1 as well.")
    if configuration.source == "directory" and configuration.filings_dir is None:
        problems.append("SOURCE=directory needs FILINGS_DIR, for example FILINGS_DIR=./filings.")
    if configuration.source == "portal" and configuration.portal_mapping is None:
        problems.append("SOURCE=portal needs PORTAL_MAPPING, for example PORTAL_MAPPING=./portal.toml.")
    accounts = (configuration.azure_storage_connection_string, configuration.azure_storage_account_url)
    if configuration.blob_store == "azure" and not any(accounts):
        problems.append(
            "BLOB_STORE=azure needs AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT_URL, for example"
            " AZURE_STORAGE_ACCOUNT_URL=https://ACCOUNT.blob.core.windows.net."
        )
    return problems + _missing_for_sign_in(configuration)


def _missing_for_sign_in(configuration: Configuration) -> list[str]:
    if configuration.oidc_issuer is None:
        return ["OIDC_ONLY=1 needs OIDC_ISSUER."] if configuration.oidc_only else []
    # Not the secret: workers get the other settings with the web site, but not this one (filesure_site/wsgi.py).
    needed = ("oidc_client_id", "oidc_roles")
    problems = [f"OIDC_ISSUER needs {name.upper()}." for name in needed if not getattr(configuration, name)]
    if "openid" not in configuration.oidc_scopes:
        problems.append("OIDC_SCOPES must include openid.")
    return problems
