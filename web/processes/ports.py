"""Opens the listening ports, each for one Rainbarrel alone, and says who holds a busy one.

gRPC binds with SO_REUSEPORT, so that front processes share its port; without an exclusive test a second Rainbarrel of
the same user would silently take half of the first one's exports.
"""

import http.client
import ipaddress
import json
import socket
from dataclasses import dataclass

from trace_store.exceptions import RainbarrelError

PROBE_TIMEOUT_S = 1.0
BACKLOG = 1024


class PortUnavailable(RainbarrelError):
    """A port cannot be opened."""


@dataclass(slots=True)
class Ports:
    """The sockets that keep both ports ours; front processes inherit `http` and bind `grpc_port` beside `grpc`."""

    host: str
    http: socket.socket
    grpc: socket.socket  # bound and never listening: it only holds the port

    @property
    def http_port(self) -> int:
        """The port for HTTP, never 0."""
        return int(self.http.getsockname()[1])

    @property
    def grpc_port(self) -> int:
        """The port for gRPC, never 0."""
        return int(self.grpc.getsockname()[1])

    def close(self) -> None:
        """Give both ports free."""
        self.http.close()
        self.grpc.close()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_ip_address(host: str) -> bool:
    """Whether `host` is an IP address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def needs_keys(host: str, *, insecure: bool) -> bool:
    """Whether requests need access keys: where other machines reach the address, unless the user insists on none."""
    return not is_loopback(host) and not insecure


def authority(host: str, port: int) -> str:
    """`host:port` for a URL that works on this machine (a wildcard address becomes loopback)."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104  # compared, not bound
    return f"[{reachable}]:{port}" if ":" in reachable else f"{reachable}:{port}"


def open_ports(host: str, http_port: int, grpc_port: int) -> Ports:
    """Both ports, exclusively ours; 0 picks a free one. Raises PortUnavailable naming the option that changes it."""
    http_socket = open_http(host, http_port)
    try:
        return Ports(host, http_socket, reserve_grpc(host, grpc_port, http_port))
    except BaseException:
        http_socket.close()
        raise


def open_http(host: str, port: int) -> socket.socket:
    """A listening socket that front processes can share by inheriting it."""
    listener = _bind(host, port, "--http-port", port)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def reserve_grpc(host: str, port: int, http_port: int) -> socket.socket:
    """A socket that holds the port for servers that bind it with SO_REUSEPORT; never listens, so it gets no calls."""
    exclusive = _bind(host, port, "--grpc-port", http_port)
    address = exclusive.getsockname()
    exclusive.close()
    reservation = socket.socket(exclusive.family, socket.SOCK_STREAM)
    try:
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reservation.bind(address)
    except OSError as error:
        reservation.close()
        raise PortUnavailable(_busy(host, port, "--grpc-port", http_port, error)) from error
    return reservation


def _bind(host: str, port: int, option: str, http_port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise PortUnavailable(f"--host {host} is no address of this machine: {error}.") from error
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # after a restart, connections in TIME_WAIT remain
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if address[0] == "::" else 1)
        bound.bind(address)
        if port:
            bound.listen(1)  # Linux lets two bind with SO_REUSEADDR as long as none listens
    except OSError as error:
        bound.close()
        raise PortUnavailable(_busy(host, port, option, http_port, error)) from error
    return bound


def _busy(host: str, port: int, option: str, http_port: int, error: OSError) -> str:
    place = authority(host, port)
    if isinstance(error, PermissionError):
        return f"Port {port} needs rights that this user lacks. Pass {option} with a number above 1023."
    if error.errno is not None and "assign" in (error.strerror or ""):
        return f"--host {host} is no address of this machine. Pass --host with one of its addresses."
    holder = rainbarrel_at(host, http_port) if http_port else None
    by = f"another Rainbarrel (pid {holder['pid']}, pages at {holder['url']})" if holder else "another program"
    way_out = f"Stop it, or pass {option} with another number (0 picks a free one)."
    return f"Port {port} is busy: {by} listens on {place}. {way_out}"


def rainbarrel_at(host: str, http_port: int) -> dict[str, str] | None:
    """What the Rainbarrel at this address says of itself (pid and URL), or None when nobody or another answers."""
    place = authority(host, http_port)
    connection = http.client.HTTPConnection(place, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        answer = json.loads(connection.getresponse().read(65536))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    if not isinstance(answer, dict) or answer.get("server") != "rainbarrel":
        return None
    return {"pid": str(answer.get("pid", "?")), "url": f"http://{place}/"}
