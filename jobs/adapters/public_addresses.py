"""Resolves the hosts of webhooks, and refuses addresses of this network.

A name is resolved once, and the connection goes to the checked address, so a name that resolves differently the second
time gains nothing.
"""

from __future__ import annotations

import socket

from jobs.domain.public_addresses import is_allowed


class AddressRefused(Exception):
    """The host has no address that webhooks may be sent to. The message is for people."""


def resolve(host: str, port: int, *, allow_private: bool) -> str:
    """The address to connect to. Raises AddressRefused if the host is unknown or one of its addresses is refused."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused(f"The host {host} cannot be resolved.") from None
    addresses = [str(each[4][0]) for each in found]
    refused = [each for each in addresses if not is_allowed(each, allow_private=allow_private)]
    if refused or not addresses:
        raise AddressRefused(f"The host {host} has an address in a private or reserved network.")
    return addresses[0]
