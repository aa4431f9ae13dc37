"""Real proxies in front of the gateway: they end TLS, and tell the client certificate in a header."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support import fronts
from tests.support.neighbours import free_port, nginx_arguments, nginx_file, running

from ostiary.pki.authority import Authority, Identity
from ostiary.pki.files import chain_pem, write_certificates

_APACHE_HOME: Final = Path("/usr/lib/apache2/modules")


@dataclass(frozen=True)
class Front:
    """A proxy that runs.

    Attributes:
        name: nginx, haproxy, envoy, apache or caddy.
        port: where it listens, with TLS.
    """

    name: str
    port: int


@dataclass(frozen=True)
class Behind:
    """Where the gateway listens.

    Attributes:
        place: its port on loopback, or the path of its unix socket.
        tls: whether it speaks TLS, and the proxy shows a certificate of its own.
    """

    place: int | Path
    tls: bool

    @property
    def scheme(self) -> str:
        """Of its requests."""
        return "https" if self.tls else "http"

    @property
    def path(self) -> Path | None:
        """Of its unix socket, or None."""
        return self.place if isinstance(self.place, Path) else None

    @property
    def address(self) -> str:
        """Its address and port."""
        return f"127.0.0.1:{self.place}"


@contextmanager
def front(name: str, home: Path, authority: Authority, gateway: int | Path, *, tls: bool = False) -> Iterator[Front]:
    """Run a proxy in front of a gateway for as long as the block lasts.

    Args:
        name: nginx, haproxy, envoy, apache or caddy.
        home: its folder.
        authority: issues its certificates, and those of its callers.
        gateway: where the gateway listens: a port of loopback, or the path of a unix socket.
        tls: whether it speaks TLS to the gateway, and shows a certificate of its own.
    """
    home.mkdir(exist_ok=True)
    for file, identity in (
        ("front.pem", authority.issue_server("localhost", "127.0.0.1")),
        ("proxy.pem", authority.issue_client(cn="proxy", dns=["proxy.example"])),
    ):
        (home / file).write_bytes(chain_pem(identity) + _key(identity))
        (home / file).chmod(0o600)
    write_certificates(home / "ca.pem", [authority.certificate])
    port = free_port()
    program, arguments = _COMMANDS[name](home, port, Behind(gateway, tls))
    with running(program, home, port, *arguments):
        yield Front(name, port)


def _key(identity: Identity) -> bytes:
    """The private key as OpenSSL wrote it before PKCS#8: Apache wants that of its own certificate."""
    return identity.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


Command = tuple[str, tuple[str | Path, ...]]


def _nginx(home: Path, port: int, behind: Behind) -> Command:
    gateway = f"unix:{behind.path}:" if behind.path else behind.address
    http = fronts.NGINX.format(home=home, port=port, scheme=behind.scheme, gateway=gateway)
    return "nginx", nginx_arguments(home, nginx_file(home, http))


def _haproxy(home: Path, port: int, behind: Behind) -> Command:
    gateway = f"unix@{behind.path}" if behind.path else behind.address
    text = fronts.HAPROXY.format(home=home, port=port, gateway=gateway, own=_own("haproxy", home, behind))
    return "haproxy", ("-f", _written(home, text), "-db")


def _envoy(home: Path, port: int, behind: Behind) -> Command:
    pipe, address = f"{{pipe: {{path: {behind.path}}}}}", f"{{address: 127.0.0.1, port_value: {behind.place}}}"
    gateway = pipe if behind.path else f"{{socket_address: {address}}}"
    file = _written(home, fronts.ENVOY.format(home=home, port=port, gateway=gateway), "front.yaml")
    return "envoy", ("-c", file, "--concurrency", "1", "--log-level", "error", "--base-id", str(port))


def _apache(home: Path, port: int, behind: Behind) -> Command:
    gateway = f"unix:{behind.path}|http://localhost" if behind.path else f"{behind.scheme}://localhost:{behind.place}"
    modules = "\n".join(f"LoadModule {one}_module {_APACHE_HOME}/mod_{one}.so" for one in fronts.APACHE_MODULES)
    user = "User www-data\nGroup www-data" if os.getuid() == 0 else ""
    text = fronts.APACHE.format(home=home, port=port, gateway=gateway, modules=modules, user=user)
    return "apache2", ("-d", home, "-f", _written(home, text), "-D", "FOREGROUND")


def _caddy(home: Path, port: int, behind: Behind) -> Command:
    gateway = f"unix/{behind.path}" if behind.path else f"{behind.scheme}://{behind.address}"
    text = fronts.CADDY.format(home=home, port=port, gateway=gateway, own=_own("caddy", home, behind))
    return "caddy", ("run", "--config", _written(home, text, "Caddyfile"), "--adapter", "caddyfile")


_COMMANDS: Final = {"nginx": _nginx, "haproxy": _haproxy, "envoy": _envoy, "apache": _apache, "caddy": _caddy}


def _own(name: str, home: Path, behind: Behind) -> str:
    return fronts.OWN[name].format(home=home) if behind.tls else ""


def _written(home: Path, text: str, name: str = "front.conf") -> Path:
    file = home / name
    file.write_text(text)
    return file
