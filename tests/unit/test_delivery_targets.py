"""Where channels may send to."""

import ipaddress

import pytest

from tool_errors.delivery.failures import DeliveryFailed, TargetRefused
from tool_errors.delivery.ssrf import Targets, checked_addresses

PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"]
LOOPBACK = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]
PRIVATE = [
    *("10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1"),
    *("fc00::1", "fe80::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:0a00:0001::", "240.0.0.1", "255.255.255.255"),
]
NEVER = ["0.0.0.0", "::", "224.0.0.1", "ff02::1"]  # not bound


@pytest.mark.parametrize("text", PUBLIC + LOOPBACK + PRIVATE + NEVER)
def test_which_addresses_are_allowed(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert Targets().allows(address) == (text in PUBLIC)
    assert Targets(loopback=True).allows(address) == (text in PUBLIC + LOOPBACK)
    assert Targets(private=True).allows(address) == (text not in NEVER)


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f000001", "2130706433", "017700000001", "[::1]", "::1"])
async def test_loopback_in_disguise_is_refused(host: str) -> None:
    with pytest.raises(DeliveryFailed):  # refused, or no name at all where the system does not read such numbers
        await checked_addresses(host, 80, Targets())


async def test_a_name_leads_to_the_addresses_that_were_checked() -> None:
    assert "127.0.0.1" in await checked_addresses("localhost", 80, Targets(loopback=True))
    with pytest.raises(TargetRefused, match=r"localhost is the address .* --private-targets"):
        await checked_addresses("localhost", 80, Targets())
    with pytest.raises(DeliveryFailed, match=r"no-such-host\.invalid has no address"):
        await checked_addresses("no-such-host.invalid", 80, Targets())
