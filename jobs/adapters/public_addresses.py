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
#: Reserved, although this version of Python or an older one counts them as global.
_RESERVED = [
    ipaddress.ip_network(each)
    for each in (
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.88.99.0/24",  # relays of 6to4, deprecated
        "3fff::/20",  # documentation, RFC 9637
        "fec0::/10",  # site-local, deprecated
    )
]
#: Never allowed, not even on own networks: metadata services live here, and notations that hide an IPv4 address.
_NEVER = [
    ipaddress.ip_network(each)
    for each in (
        *("169.254.0.0/16", "fe80::/10"),  # link-local
        "168.63.129.16/32",  # Azure's platform
        *("100.100.100.200/32", "192.0.0.192/32"),  # metadata of Alibaba, and of Oracle
        *("fd00:ec2::/32", "fd20:ce::254/128"),  # metadata of AWS, and of Google
        "64:ff9b:1::/48",  # NAT64 with a local prefix, whose length is unknown, RFC 8215
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "::/96",  # IPv4-compatible, deprecated
    )
]
_LOOPBACK = ipaddress.ip_address("::1")


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
    if address != _LOOPBACK and any(address in network for network in _NEVER):
        return False
    if allow_private:
        return not (address.is_multicast or address.is_unspecified)
    if address.is_multicast or address.is_reserved or any(address in network for network in _RESERVED):
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
