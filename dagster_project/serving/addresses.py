"""Where a server listens, whatever protocol it speaks. Does not belong here: reading an address that somebody typed."""

from __future__ import annotations

import ipaddress


def with_port(host: str, port: int) -> str:
    """Host and port as addresses have them: numbers of IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_local(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
