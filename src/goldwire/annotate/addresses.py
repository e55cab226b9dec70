"""Addresses of servers: which host one names, and whether that is this machine."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def host_of(url: str) -> str:
    """The host of an address; empty where it is none, or holds a name, a password or a query."""
    try:
        parts = urlsplit(url)
        port, _ = parts.port, (url.encode(), (parts.hostname or "").encode("idna"))  # raise for what is none
    except ValueError:
        return ""
    fit = parts.scheme in ("http", "https") and port != 0 and "@" not in url
    return (parts.hostname or "") if fit and not parts.query + parts.fragment else ""


def is_loopback(host: str) -> bool:
    """Whether a host leads no further than this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
