"""Which addresses are those of the open internet: the others lead to machines that nobody outside may steer."""

import ipaddress

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open internet."""
    found = _inner(address)
    return found is not None and found.is_global and not _never(found)


def is_reachable(address: str) -> bool:
    """Tell whether an IP address may at all be called, though it be our own: never one of the link, nor of a group.

    At 169.254.169.254 clouds hand the machine's own keys to whoever asks.
    """
    found = _inner(address)
    return found is not None and not _never(found)


def is_address(text: str) -> bool:
    """Tell whether a text is an IP address, and no name."""
    return _inner(text) is not None


def _inner(address: str) -> Address | None:
    """Return an address, or what an IPv6 address wraps of IPv4. None when it is no address."""
    try:
        found = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        return found
    if found in NAT64:
        return ipaddress.IPv4Address(found.packed[12:])
    return found.ipv4_mapped or found.sixtofour or found


def _never(found: Address) -> bool:
    site_local = isinstance(found, ipaddress.IPv6Address) and found.is_site_local
    return found.is_link_local or found.is_multicast or found.is_unspecified or site_local
