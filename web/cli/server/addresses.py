"""Host names and ports: whether one is free, and how a person would type it."""

import http.client
import ipaddress
import socket

from lectern.host import HostError


def free_port(host: str, port: int) -> int:
    """The port itself, or for 0 one that nobody uses.

    Raises:
        HostError: the port is taken, or the host is not this machine's.
    """
    try:
        family, kind, _, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind(place)
            return int(attempt.getsockname()[1])
    except socket.gaierror as error:
        raise HostError(f"{host} is not a host name this machine knows.") from error
    except OSError as error:
        raise HostError(
            f"Port {port} on {host} cannot be used: {(error.strerror or '').lower()}. "
            "Stop what uses it, or choose another with --port."
        ) from error


def shown(host: str, port: int) -> str:
    """The address to type into a browser on this machine."""
    return f"http://{_in_address(_local(host))}:{port}"


def answers(address: str) -> bool:
    """True when `/healthz` there says 200."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _local(host: str) -> str:
    """A wildcard is no address to visit; the loopback of its kind is."""
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return host or "127.0.0.1"
    if number.is_unspecified:
        return "127.0.0.1" if number.version == 4 else "::1"
    return host


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
