"""Real proxies, each with the configuration that `ostiary recipe` has written for it, and nothing added but places."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.neighbours import free_port, program, running
from tests.support.plugin import World, recipe

CLIENT = "client: {mode: optional, authorities: [file:ca.pem], revocation: {crls: [file:ca.crl]}}"


@dataclass(frozen=True)
class Proxy:
    """A kind of proxy.

    Attributes:
        program: its name.
        listener: the decision listener that it asks, as a line of the policy.
        place: writes the recipe, with places of the test, into its home; returns the arguments it is started with.
        check: the arguments with which it looks at its own configuration.
    """

    program: str
    listener: str
    place: Callable[[Path, str], Sequence[str | Path]]
    check: Callable[[Path], Sequence[str | Path]]


def _nginx(home: Path, text: str) -> Sequence[str | Path]:
    places = "".join(
        f"  {kind}_temp_path {home}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = home / "nginx.conf"
    own = f"daemon off;\nmaster_process off;\npid {home}/nginx.pid;\n"
    file.write_text(own + text.replace("http {\n", f"http {{\n{places}  access_log {home}/access.log;\n", 1))
    return ("-p", home, "-c", file, "-e", home / "error.log")


def _haproxy(home: Path, text: str) -> Sequence[str | Path]:
    (home / "haproxy.cfg").write_text(text)
    return ("-f", home / "haproxy.cfg", "-db")


def _caddy(home: Path, text: str) -> Sequence[str | Path]:
    (home / "Caddyfile").write_text(text)
    return ("run", "--config", home / "Caddyfile", "--adapter", "caddyfile")


def _envoy(home: Path, text: str) -> Sequence[str | Path]:
    (home / "envoy.json").write_text(text)
    return ("-c", home / "envoy.json", "--concurrency", "1", "--log-path", home / "envoy.log", "--use-dynamic-base-id")


_MODULES = (
    *("mpm_event", "unixd", "authn_core", "authz_core", "authz_user", "authnz_fcgi", "setenvif", "headers"),
    *("proxy", "proxy_http", "ssl", "socache_shmcb"),
)


def _apache(home: Path, text: str) -> Sequence[str | Path]:
    """Write what surrounds the recipe in every Apache: its modules, and where it writes."""
    folder = Path("/usr/lib/apache2/modules")
    modules = [f"LoadModule {name}_module {folder}/mod_{name}.so\n" for name in _MODULES]
    loaded = "".join(one for one in modules if Path(one.split()[2]).exists())
    own = f"ServerRoot {home}\nPidFile {home}/apache.pid\nErrorLog {home}/error.log\nServerName localhost\n"
    more = "User www-data\nGroup www-data\n" if os.getuid() == 0 else ""
    logged = f'LogFormat "%h %u %r %s" common\nCustomLog {home}/access.log common\nMutex file:{home}\n'
    (home / "apache.conf").write_text(own + loaded + more + logged + text)
    return ("-f", home / "apache.conf", "-D", "FOREGROUND")


def _unix(name: str) -> str:
    return f'{{bind: "unix:{{home}}/{name}.sock", socket: {{mode: "0666"}}, decide: {{dialect: {name}, {CLIENT}}}}}'


PROXIES = {
    "nginx": Proxy(
        "nginx",
        _unix("nginx"),
        _nginx,
        lambda home: ("-t", "-p", home, "-c", home / "nginx.conf", "-e", home / "error.log"),
    ),
    "haproxy": Proxy("haproxy", _unix("haproxy"), _haproxy, lambda home: ("-c", "-f", home / "haproxy.cfg")),
    "caddy": Proxy(
        "caddy",
        _unix("caddy"),
        _caddy,
        lambda home: ("validate", "--config", home / "Caddyfile", "--adapter", "caddyfile"),
    ),
    "envoy-http": Proxy(
        "envoy", _unix("envoy-http"), _envoy, lambda home: ("--mode", "validate", "-c", home / "envoy.json")
    ),
    "envoy-grpc": Proxy(
        "envoy", _unix("envoy-grpc"), _envoy, lambda home: ("--mode", "validate", "-c", home / "envoy.json")
    ),
    "apache": Proxy(
        "apache2",
        f'{{bind: "127.0.0.1:{{port}}", decide: {{dialect: apache, {CLIENT}}}}}',
        _apache,
        lambda home: ("-t", "-f", home / "apache.conf"),
    ),
}


@dataclass(frozen=True)
class Plugged:
    """A proxy that runs.

    Attributes:
        name: of its recipe.
        home: its folder; what it logs is there.
        port: where callers come, with TLS.
    """

    name: str
    home: Path
    port: int

    def said(self) -> bytes:
        """Every octet that it has written, but for its configuration."""
        files = [one for one in self.home.rglob("*") if one.is_file() and one.suffix in (".log", "")]
        return b"".join(one.read_bytes() for one in files)


def listeners() -> dict[str, str]:
    """Return a decision listener for each proxy, and for those that cannot be run here."""
    replayed = {
        name: f'{{bind: "127.0.0.1:{{port}}", decide: {name}}}' for name in ("traefik", "apisix", "ingress-nginx")
    }
    return {name: proxy.listener for name, proxy in PROXIES.items()} | replayed


@contextmanager
def plugged(name: str, world: World) -> Iterator[Plugged]:
    """Run a proxy with its recipe, for as long as the block lasts; its own check comes first."""
    proxy = PROXIES[name]
    binary = program(proxy.program)
    home = world.folder / f"home-{name}"
    home.mkdir(exist_ok=True)
    port = free_port()
    more = ("--beside", str(home / "ostiary.lua"))
    if name == "haproxy":
        (home / "ostiary.lua").write_text(recipe("haproxy-lua", world, port))
    arguments = proxy.place(home, recipe(name, world, port, *more))
    checked = subprocess.run(
        [binary, *proxy.check(home)], check=False, capture_output=True, text=True, timeout=60, cwd=home
    )
    assert checked.returncode == 0, checked.stderr + checked.stdout
    with running(proxy.program, home, port, *arguments):
        yield Plugged(name, home, port)
