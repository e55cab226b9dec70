"""The one loopback address that a Label Studio of one's own may ask for predictions; all others stay banned.

Label Studio refuses to send anything to addresses of private and other reserved networks (SSRF protection).
It has no list of exceptions: its own list can only be switched off, and another put in its place. So the
same networks are banned here again, with 127.0.0.0/8 as all of its parts but one address.
"""

from __future__ import annotations

from ipaddress import IPv4Network

#: Where `annotate assist` listens. Services on 127.0.0.1 are not reachable there.
ADDRESS = "127.0.0.2"

# The default list of Label Studio 1.23.2 (core/utils/io.py, `validate_ip`), without 127.0.0.0/8.
_RESERVED = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4", "233.252.0.0/24", "240.0.0.0/4", "255.255.255.255/32", "::/128",
    "::1/128", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64",
    "2001:0000::/32", "2001:20::/28", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "ff00::/8",
)  # fmt: skip


def banned_networks() -> list[str]:
    """Every network that Label Studio bans by default, apart from `ADDRESS` alone."""
    loopback = IPv4Network("127.0.0.0/8").address_exclude(IPv4Network(f"{ADDRESS}/32"))
    return [*_RESERVED, *(str(part) for part in loopback)]


def reach(assist: bool | None = None, public_url: str = "") -> dict[str, str]:
    """The settings with which Label Studio reaches `ADDRESS` and nothing else that it would not.

    None where it should not: `assist` says so, or nothing does and people come in from elsewhere.
    """
    if not (not public_url if assist is None else assist):
        return {}
    return {
        "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS": "false",
        "LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS": ",".join(banned_networks()),
    }
