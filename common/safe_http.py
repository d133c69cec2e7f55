"""The only way out: to addresses that people enter, and to no others.

A name is looked up once, every address it has must be a public one, and the connection
goes to the address that was checked, under the name's certificate. No redirects, no
proxies, and an end to how long and how much is read.
"""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from common.errors import DomainError

CONNECT_SECONDS = 5.0
LONGEST_SECONDS = 10.0
MOST_READ = 64 * 1024
LONGEST_URL = 500
_PORTS = frozenset({80, 443})
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
# Public by the registries, and yet not somebody's host.
_NOT_HOSTS = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("192.0.0.0/24", "192.88.99.0/24"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_REAL_V6 = ipaddress.ip_network("2000::/3")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadAddressError(DomainError):
    """An address that is not called, whoever wants it."""

    code = "bad_address"
    message = "This address cannot be called."


class NoAnswerError(Exception):
    """Nobody answered: no connection, no certificate, or not in time."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is let out: only https unless `allows_http`, and no private address.

    `inside` names hosts within the own network, as `host:port`, that may be called all
    the same, also without TLS.
    """

    allows_http: bool = False
    inside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str


def check_url(url: str, rules: Rules) -> None:
    """Refuse what no address of another system looks like.

    Raises
    ------
    BadAddressError
        If it is not https, names a user, a strange port or a private address.
    """
    target = _split(url)
    if _is_inside(target, rules):
        return
    if target.scheme != "https" and not rules.allows_http:
        raise BadAddressError("The address must begin with https://.", field="url")
    if _port(target) not in _PORTS:
        raise BadAddressError("Only the usual ports, 443 and 80.", field="url")
    try:
        address = ipaddress.ip_address(_host(target))
    except ValueError:
        if "." not in _host(target) or _host(target).endswith(".localhost"):
            raise BadAddressError(
                "This name is one of the own network.", field="url"
            ) from None
        return
    _check_public(address)


def post(url: str, body: bytes, headers: Mapping[str, str], *, rules: Rules) -> Answer:
    """Send one message and read what is answered.

    Raises
    ------
    BadAddressError
        If the address, or what its name stands for now, may not be called.
    NoAnswerError
        If nobody answers in time.
    """
    return _call("POST", url, body, headers, rules=rules, most=MOST_READ)


def get(
    url: str, headers: Mapping[str, str], *, rules: Rules, most: int = MOST_READ
) -> Answer:
    """Read up to `most` bytes of what stands at an address.

    Raises
    ------
    BadAddressError, NoAnswerError
        As with `post`.
    """
    return _call("GET", url, None, headers, rules=rules, most=most)


def address_of(host: str, port: int, *, rules: Rules) -> str:
    """Return the checked address of a host for another protocol than HTTP.

    Raises
    ------
    BadAddressError
        If it is no name of a host, or stands for an address of the own network that
        is not let in.
    NoAnswerError
        If nobody knows the name.
    """
    name = host.lower()
    if not _NAME.fullmatch(name) and not _is_address(name):
        raise BadAddressError("This is not the name of a host.", field="host")
    try:
        return _found(name, port, is_inside=f"{name}:{port}" in rules.inside)
    except BadAddressError as error:
        raise BadAddressError(error.message, field="host") from error


def _call(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    rules: Rules,
    most: int,
) -> Answer:
    check_url(url, rules)
    target = _split(url)
    address = _looked_up(target, rules)
    connection = _Connection(target, address)
    # A server may drip one letter a second; the clock ends that.
    clock = threading.Timer(LONGEST_SECONDS, connection.cut)
    clock.daemon = True
    clock.start()
    try:
        path = f"{target.path or '/'}{'?' + target.query if target.query else ''}"
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        text = response.read(most).decode("utf-8", "replace")
        return Answer(response.status, text)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswerError(str(error) or type(error).__name__) from error
    finally:
        clock.cancel()
        connection.close()


class _Connection(http.client.HTTPConnection):
    """A connection to one checked address, under the name that was asked for."""

    def __init__(self, target: SplitResult, address: str) -> None:
        super().__init__(_host(target), _port(target), timeout=CONNECT_SECONDS)
        self._address = address
        self._is_tls = target.scheme == "https"

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._is_tls:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        """End it from another thread, so that a read that waits gives up."""
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it ended by itself


def _split(url: str) -> SplitResult:
    """Take an address apart; what another reader might take apart otherwise is out."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable():
        raise BadAddressError("Only plain letters, and not too many.", field="url")
    if set(url) & set(' \\<>"{}|^`'):
        raise BadAddressError("This is not an address.", field="url")
    try:
        target = urlsplit(url)
        _port(target)
    except ValueError:
        raise BadAddressError("This is not an address.", field="url") from None
    if target.scheme not in {"http", "https"} or not target.hostname:
        raise BadAddressError("The address must begin with https://.", field="url")
    if target.username is not None or target.password is not None or target.fragment:
        raise BadAddressError("No user and no # in the address.", field="url")
    host = _host(target)
    if ":" not in host and not _NAME.fullmatch(host):
        raise BadAddressError("This is not the name of a host.", field="url")
    if host.rpartition(".")[2].isdigit() and not _is_address(host):
        raise BadAddressError("Write the address in the usual way.", field="url")
    return target


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _host(target: SplitResult) -> str:
    return (target.hostname or "").lower()


def _port(target: SplitResult) -> int:
    return target.port or (443 if target.scheme == "https" else 80)


def _is_inside(target: SplitResult, rules: Rules) -> bool:
    return f"{_host(target)}:{_port(target)}" in rules.inside


def _looked_up(target: SplitResult, rules: Rules) -> str:
    return _found(_host(target), _port(target), is_inside=_is_inside(target, rules))


def _found(host: str, port: int, *, is_inside: bool) -> str:
    """Return the address to connect to, after looking at all that the name has."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswerError(f"the name is not known: {error}") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not is_inside:
        for text in addresses:
            _check_public(ipaddress.ip_address(text))
    return addresses[0]


def _check_public(address: Address) -> None:
    """Refuse everything but an ordinary public host."""
    is_ordinary = address.is_global and not address.is_multicast
    if isinstance(address, ipaddress.IPv6Address):
        is_ordinary = is_ordinary and address in _REAL_V6
    for network in _NOT_HOSTS:
        if address.version == network.version and address in network:
            is_ordinary = False
    if not is_ordinary:
        raise BadAddressError(
            "This address is not a public one, so it is not called.", field="url"
        )
