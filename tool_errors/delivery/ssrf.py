"""Where channels may send to: public addresses, unless the settings allow more. Against server-side request forgery.

A name is resolved once, every address it has is checked, and the connection goes to a checked address, so that a name
that changes its answer meanwhile (DNS rebinding) leads nowhere else.
Source: OWASP Server-Side Request Forgery Prevention; RFC 6890 (special-purpose addresses), RFC 6052 (NAT64).
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass

from tool_errors.delivery.failures import DeliveryFailed, TargetRefused

RESOLVE_TIMEOUT_S = 5.0
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Targets:
    """Which addresses are allowed besides public ones."""

    loopback: bool = False  # this machine
    private: bool = False  # any address at all

    def allows(self, address: Address) -> bool:
        """Whether a channel may send there."""
        address = _inner(address)
        if address.is_multicast or address.is_unspecified:
            return False
        return self.private or address.is_global or (self.loopback and address.is_loopback)


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to, if it is one of those."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


async def checked_addresses(host: str, port: int, targets: Targets) -> list[str]:
    """The addresses of `host`, which all are allowed; TargetRefused when one is not, DeliveryFailed for no answer."""
    try:
        async with asyncio.timeout(RESOLVE_TIMEOUT_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DeliveryFailed(f"The name {host} has no address: {error}.") from error
    except TimeoutError:
        raise DeliveryFailed(f"No name server told the address of {host} within {RESOLVE_TIMEOUT_S:.0f} s.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in addresses:
        if not targets.allows(ipaddress.ip_address(text.partition("%")[0])):
            raise TargetRefused(
                f"{host} is the address {text}, which is not public; start with --private-targets to allow it."
            )
    if not addresses:
        raise DeliveryFailed(f"The name {host} has no address.")
    return addresses
