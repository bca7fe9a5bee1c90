"""Which addresses are on the public internet."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = IPv6Network("::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")


def is_public(text: str) -> bool:
    """Whether the address, and any address hidden in it, is on the public internet."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(_public(one) for one in [address, *_embedded(address)]) if not _mapped(address) else _public(_embedded(address)[0])


def _mapped(address: Address) -> bool:
    return isinstance(address, IPv6Address) and address.ipv4_mapped is not None


def _embedded(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return []
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _TEREDO and address.teredo is not None:
        return list(address.teredo)
    if address in _SIX_TO_FOUR and address.sixtofour is not None:
        return [address.sixtofour]
    if address in _COMPATIBLE or any(address in network for network in _NAT64):
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    return []


def _public(address: Address) -> bool:
    refused = (
        address.is_multicast,
        address.is_unspecified,
        address.is_loopback,
        address.is_link_local,
        address.is_private,
        address.is_reserved and not any(address in network for network in _NAT64 if isinstance(address, IPv6Address)),
        isinstance(address, IPv6Address) and address.is_site_local,
    )
    return address.is_global and not any(refused)
