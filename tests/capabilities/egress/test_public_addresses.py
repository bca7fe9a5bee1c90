"""What counts as public is the same on every Python: the networks of IANA's registries, to their edges."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import pytest

from orchestrator.capabilities.egress.addresses import is_public

# Each network with its two neighbours: whether the last address before it and the first after it are public.
NETWORKS = [
    ("0.0.0.0/8", None, True),
    ("10.0.0.0/8", True, True),
    ("100.64.0.0/10", True, True),
    ("127.0.0.0/8", True, True),
    ("169.254.0.0/16", True, True),
    ("172.16.0.0/12", True, True),
    ("192.0.0.0/24", True, True),
    ("192.0.2.0/24", True, True),
    ("192.88.99.0/24", True, True),
    ("192.168.0.0/16", True, True),
    ("198.18.0.0/15", True, True),
    ("198.51.100.0/24", True, True),
    ("203.0.113.0/24", True, True),
    ("224.0.0.0/4", True, False),
    ("240.0.0.0/4", False, None),
    ("255.255.255.255/32", False, None),
    ("::/128", None, False),
    ("::1/128", False, False),
    ("::/96", None, False),
    ("64:ff9b:1::/48", False, False),
    ("100::/64", False, False),
    ("100:0:0:1::/64", False, False),
    ("2001::/23", True, True),
    ("2001::/32", True, False),
    ("2001:2::/48", False, False),
    ("2001:10::/28", False, False),
    ("2001:20::/28", False, False),
    ("2001:db8::/32", True, True),
    ("3fff::/20", True, True),
    ("5f00::/16", False, False),
    ("fc00::/7", False, False),
    ("fe80::/10", False, False),
    ("fec0::/10", False, False),
    ("ff00::/8", False, None),
    ("4000::/2", True, False),
    ("::/3", None, True),
    # Addresses that lead to an IPv4 address are what that one is.
    ("::ffff:10.0.0.0/104", True, True),
    ("::ffff:127.0.0.0/104", True, True),
    ("::ffff:169.254.0.0/112", True, True),
    ("64:ff9b::10.0.0.0/104", True, True),
    ("64:ff9b::169.254.0.0/112", True, True),
    ("2002:a00::/24", True, True),
    ("2002:7f00::/24", True, True),
    ("2002:a9fe::/32", True, True),
    ("2002:c0a8::/32", True, True),
]


@pytest.mark.parametrize(("text", "before", "after"), NETWORKS, ids=[text for text, *_ in NETWORKS])
def test_network_is_refused_to_its_edges_and_no_further(text: str, before: bool | None, after: bool | None) -> None:
    network = ip_network(text)
    first, last = network[0], network[-1]
    assert not is_public(str(first)) and not is_public(str(last)) and not is_public(str(network[network.num_addresses // 2]))
    if before is not None:
        assert is_public(str(first - 1)) is before
    if after is not None:
        assert is_public(str(last + 1)) is after


@pytest.mark.parametrize(
    "text",
    ["1.0.0.0", "1.1.1.1", "8.8.8.8", "93.184.216.34", "192.31.196.1", "192.52.193.1", "223.255.255.255"]
    + ["2000::", "2001:200::", "2001:4860:4860::8888", "2606:4700:4700::1111", "2620:4f:8000::1", "2a00:1450:4001::1", "3ffe::1"]
    + ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2002:c000:300::"],
)
def test_hosts_of_the_internet_are_public(text: str) -> None:
    assert is_public(text)


def test_single_services_in_protocol_blocks_are_refused_with_their_block() -> None:
    for text in ("192.0.0.9", "192.0.0.10", "2001:1::1", "2001:1::2", "2001:4:112::1", "2001:3::1"):
        assert not is_public(text)


@pytest.mark.parametrize(
    "name", ["is_global", "is_private", "is_reserved", "is_loopback", "is_link_local", "is_multicast", "is_unspecified"]
)
def test_interpreter_is_not_asked(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Its answers differ between patch releases of Python."""

    def asked(_: object) -> bool:
        raise AssertionError(f"{name} was asked")

    for kind in (IPv4Address, IPv6Address, IPv4Network, IPv6Network):
        monkeypatch.setattr(kind, name, property(asked))
    for text in ("8.8.8.8", "10.0.0.1", "2002:808:808::1", "::ffff:127.0.0.1", "2606:4700::1", "fe80::1%eth0", "::1"):
        is_public(text)
