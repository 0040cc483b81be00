"""Where passkeys work: a browser binds each to the host name of one site. Standard library only."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from jobs.configuration.table import Configuration

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class PasskeySite:
    """The site's address as browsers write it, and its host, which WebAuthn calls the relying party's id.

    Both are empty while passkeys are off; ``problem`` is then the reason, in a sentence.
    """

    origin: str = ""
    host: str = ""
    problem: str = ""


def site_of(configuration: Configuration) -> PasskeySite:
    """The site at SITE_URL, or without it at a name of ALLOWED_HOSTS: the first that is not this machine's."""
    given = configuration.site_url
    if given is None:
        return _derived(configuration)
    parts = urlsplit(given.lower())
    try:
        host = (parts.hostname or "").encode("idna").decode()
    except UnicodeError:
        return PasskeySite(problem=f"Passkeys need a host name, but that of SITE_URL={given} is not a valid host name.")
    if problem := _problem(given, parts.scheme, host, configuration.allowed_hosts):
        return PasskeySite(problem=problem)
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return PasskeySite(origin=f"{parts.scheme}://{host}{port}", host=host)


def _derived(configuration: Configuration) -> PasskeySite:
    names = [name.lower() for name in configuration.allowed_hosts if _is_name(name)]
    host = next((name for name in names if not _is_local(name)), names[0] if names else "")
    if not host:
        return PasskeySite(problem="Passkeys need a host name: set SITE_URL to the site's address.")
    if _is_local(host) and not configuration.https_only:
        return PasskeySite(origin=f"http://{host}:{configuration.port}", host=host)
    return PasskeySite(origin=f"https://{host}", host=host)


def _problem(given: str, scheme: str, host: str, allowed: Iterable[str]) -> str:
    """Why passkeys cannot work at this address; empty if they can."""
    if not _is_name(host):
        return f"Passkeys need a host name, but SITE_URL={given} has an IP address."
    if scheme != "https" and not _is_local(host):
        return f"Passkeys need HTTPS, but SITE_URL={given} begins with http."
    if not any(_matches(host, each.lower()) for each in allowed):
        return f"Passkeys need a site that answers at SITE_URL={given}: add {host} to ALLOWED_HOSTS."
    return ""


def _is_name(host: str) -> bool:
    """Whether this is one host's name, not a pattern for several or an IP address."""
    if not host or host.startswith(".") or "*" in host:
        return False
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


def _is_local(host: str) -> bool:
    """Browsers trust these names without HTTPS."""
    return host == "localhost" or host.endswith(".localhost")


def _matches(host: str, pattern: str) -> bool:
    return pattern in ("*", host) or (pattern.startswith(".") and (host == pattern[1:] or host.endswith(pattern)))
