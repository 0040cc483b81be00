"""Resolves the hosts of webhooks, and refuses addresses of this network.

A request to an address that a user enters must not reach the cluster, the host or the cloud's metadata service
(server-side request forgery). A name is resolved once, and the connection goes to the checked address, so a name that
resolves differently the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: Public addresses that clouds answer themselves, and translated addresses of unknown length.
_REFUSED = [
    ipaddress.ip_network(each)
    for each in (
        "168.63.129.16/32",  # Azure's platform
        "64:ff9b:1::/48",  # NAT64 with a local prefix, RFC 8215
        "::/96",  # IPv4-compatible, deprecated
    )
]
#: Never allowed, not even on own networks: metadata services live here.
_LINK_LOCAL = [ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10")]


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


def is_allowed(text: str, *, allow_private: bool) -> bool:
    """Whether webhooks may be sent to this address."""
    try:
        address = _embedded(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    if any(address in network for network in (*_LINK_LOCAL, _REFUSED[0])):
        return False
    if allow_private:
        return not (address.is_multicast or address.is_unspecified)
    if address.is_multicast or address.is_reserved or any(address in network for network in _REFUSED):
        return False
    return address.is_global


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if any: mapped, 6to4, Teredo or NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address
