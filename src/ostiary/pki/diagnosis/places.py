"""The servers that a configuration names: are they there, is their TLS sound, and does their clock go as ours does?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509

from ostiary.config.loaded import Loaded
from ostiary.config.values import FileRef
from ostiary.pki.diagnosis.endpoint import Visit
from ostiary.pki.diagnosis.finding import Finding

SKEW: Final = 30.0
"""Seconds by which clocks may differ: what issuers are forgiven by default."""
_URLS: Final = ("issuer", "jwks_url", "certificates_url", "auth_endpoint", "address", "url")
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """A server.

    Attributes:
        owner: what in the configuration names it.
        secure: whether TLS is spoken there.
        visit: how it is looked at.
    """

    owner: str
    secure: bool
    visit: Visit


def places(loaded: Loaded) -> Iterator[Place]:
    """Return the servers that a configuration names, each once."""
    known: set[tuple[str, int, str | None]] = set()
    for one in _all(loaded):
        key = (one.visit.host, one.visit.port, one.visit.asked)
        if key not in known:
            known.add(key)
            yield one


def look(place: Place, now: float) -> Iterator[Finding]:
    """Look at one. This uses the network.

    Args:
        place: which.
        now: seconds since the epoch.
    """
    reached = place.visit.date(secure=place.secure)
    if isinstance(reached, Finding):
        yield reached
    elif reached is not None and abs(reached - now) > SKEW:
        remedy = "chronyc tracking; timedatectl set-ntp true"
        yield Finding(
            "D721", place.visit.name, remedy, f"{abs(reached - now):.0f} s {'ahead' if now > reached else 'behind'}"
        )


def _all(loaded: Loaded) -> Iterator[Place]:
    spec = loaded.spec
    for name, upstream in spec.upstreams.items():
        trusted = _authorities(upstream.tls.trusted, loaded)
        for one in upstream.endpoints:
            visit = Visit(one.host, one.port, trusted, asked=upstream.tls.server_name)
            yield Place(f"upstreams > {name}", one.scheme == "https", visit)
    for section in ("issuers", "vaults"):
        for name, entry in getattr(spec, section).items():
            trusted = _authorities(getattr(entry, "authorities", ()), loaded)
            yield from (_at(f"{section} > {name}", url, trusted) for url in _urls(entry))


def _urls(entry: Any) -> Iterator[str]:
    for field in _URLS:
        value = getattr(entry, field, None)
        for one in (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ():
            if isinstance(one, str) and one.startswith(("http://", "https://")):
                yield one


def _at(owner: str, url: str, trusted: Sequence[x509.Certificate]) -> Place:
    parts = urlsplit(url)
    return Place(
        owner, parts.scheme == "https", Visit(parts.hostname or "", parts.port or _PORTS[parts.scheme], trusted)
    )


def _authorities(files: Iterable[FileRef], loaded: Loaded) -> tuple[x509.Certificate, ...]:
    found: list[x509.Certificate] = []
    for file in files:
        try:
            found += x509.load_pem_x509_certificates(file.below(loaded.folder).read_bytes())
        except (OSError, ValueError):
            continue  # `ostiary check` tells that
    return tuple(found)
