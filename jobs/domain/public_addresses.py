"""Which internet addresses webhooks may be sent to.

A request to an address that a user enters must not reach the cluster, the host or the cloud's metadata service
(server-side request forgery).
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


def is_refused(host: str, *, allow_private: bool) -> bool:
    """Whether a URL's host is an address, or this machine's name, that webhooks may not be sent to."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return not allow_private
    try:
        address: Address = ipaddress.ip_address(host)
    except ValueError:
        try:
            address = ipaddress.IPv4Address(socket.inet_aton(name))  # 127.1, 0x7f000001 and 2130706433
        except OSError:
            return False  # a name, which is resolved when something is sent
    return not is_allowed(str(address), allow_private=allow_private)


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
