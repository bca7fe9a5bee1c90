"""Which addresses are on the public internet.

The tables are ours: what the interpreter's `ipaddress` calls global differs between patch releases.
They follow IANA's registries as of 2025-10:

- IPv4 special-purpose addresses: https://www.iana.org/assignments/iana-ipv4-special-registry
- IPv6 special-purpose addresses: https://www.iana.org/assignments/iana-ipv6-special-registry
- IPv4 multicast addresses: https://www.iana.org/assignments/multicast-addresses
- IPv6 address space: https://www.iana.org/assignments/ipv6-address-space

They are stricter in one way: single services inside a block of protocol assignments that IANA calls
globally reachable (such as 192.0.0.9, the nearest port-control server) are refused with their block.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

REFUSED_IPV4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private use
        "100.64.0.0/10",  # shared by a carrier's customers
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata services of clouds
        "172.16.0.0/12",  # private use
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # the nearest 6to4 relay, withdrawn
        "192.168.0.0/16",  # private use
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the broadcast address
    )
)

UNICAST_IPV6: Final = IPv6Network("2000::/3")
"""The only part of IPv6 that is given to hosts of the internet; all else is loopback, private, reserved or multicast."""

REFUSED_IPV6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID and others
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
"""What inside `UNICAST_IPV6` is nobody's host."""

CARRIERS_OF_IPV4: Final = {
    IPv6Network("::ffff:0:0/96"): 0,  # IPv4-mapped
    IPv6Network("64:ff9b::/96"): 0,  # translated to IPv4 by NAT64
    IPv6Network("2002::/16"): 80,  # 6to4
}
"""IPv6 networks whose addresses lead to an IPv4 address, and how many bits follow it."""


def is_public(text: str) -> bool:
    """Whether the address, or the IPv4 address that it leads to, is on the public internet."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return _public_ipv4(address) if isinstance(address, IPv4Address) else _public_ipv6(address)


def _public_ipv4(address: IPv4Address) -> bool:
    return not any(address in network for network in REFUSED_IPV4)


def _public_ipv6(address: IPv6Address) -> bool:
    for network, bits_after in CARRIERS_OF_IPV4.items():
        if address in network:
            return _public_ipv4(IPv4Address(int(address) >> bits_after & 0xFFFFFFFF))
    return address in UNICAST_IPV6 and not any(address in network for network in REFUSED_IPV6)
