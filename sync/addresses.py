"""Where a URL of the configuration may lead: out to the world, never by accident back inside.

The address is looked up once and that very address is connected to, so that a name cannot mean
one thing when it is checked and another when it is used.
"""

import asyncio
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx2

Address = IPv4Address | IPv6Address


class Forbidden(Exception):
    """The URL leads to an address that nobody allowed."""


async def pinned(url: str, *, private_hosts: Collection[str]) -> tuple[httpx2.URL, str]:
    """The URL with its host replaced by an allowed address of it, and the host's name.

    Private addresses are allowed for *private_hosts* only; this machine's own, also where the URL
    itself says so. Raises `Forbidden`, and `OSError` when the name has no address.
    """
    parsed = httpx2.URL(url)
    host = parsed.host
    if parsed.scheme not in ("http", "https") or not host:
        raise Forbidden("not an http or https URL")
    found = await _addresses(host, parsed.port or (443 if parsed.scheme == "https" else 80))
    refused = [each for each in found if not allowed(each, host, private_hosts)]
    if refused:
        raise Forbidden(f"{host} is {refused[0]}, which is no public address")
    return parsed.copy_with(host=str(found[0])), host


def allowed(address: Address, host: str, private_hosts: Collection[str]) -> bool:
    """Whether *address*, which *host* means, may be connected to.

    >>> allowed(ip_address("127.0.0.1"), "127.0.0.1", ()), allowed(ip_address("::1"), "oms.jp", ())
    (True, False)
    >>> private = ip_address("10.0.0.9")
    >>> allowed(private, "oms.local", ()), allowed(private, "oms.local", {"oms.local"})
    (False, True)
    >>> allowed(ip_address("169.254.169.254"), "oms.local", {"oms.local"})
    False
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return _says_this_machine(host) or host in private_hosts
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return address.is_global or host in private_hosts


def _says_this_machine(host: str) -> bool:
    literal = _literal(host)
    return host == "localhost" or (literal is not None and literal.is_loopback)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


async def _addresses(host: str, port: int) -> list[Address]:
    literal = _literal(host)
    if literal is not None:
        return [literal]
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(address[0]).partition("%")[0]) for *_, address in found]
    return sorted(addresses, key=lambda each: each.version)  # there is one try: the older network
