"""What an upstream says of its own places, as callers can use it: Location, Content-Location, and cookies.

What leads to the upstream leads back through the route, as a reference without scheme and host (RFC 3986, section 4.2):
whoever it is said to asks where he has asked before. What leads anywhere else is none of ours, and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ostiary.upstream.rewriting.path import Prefixes

_ABSOLUTE: Final = re.compile(rb"(?i)(?:https?:)?//([^/?#@]+)(.*)")
_STRANGE: Final = re.compile(rb"[\x00-\x20\\\x7f]")  # programs disagree about where such a reference leads
_DEFAULTS: Final = (b":80", b":443")


@dataclass(frozen=True, slots=True)
class WayBack:
    """From the upstream's places to those of callers.

    Attributes:
        prefixes: how paths were changed.
        own: hosts of the upstream, with their ports unless these are the usual ones; lower case.
        ports: of its endpoints, as it may write them behind whatever name it was called with.
        preserved: whether the upstream was told the caller's Host, and so may call itself that.
    """

    prefixes: Prefixes
    own: frozenset[bytes]
    ports: frozenset[bytes]
    preserved: bool

    def location(self, value: bytes, authority: bytes) -> bytes:
        """Return a reference (RFC 9110, section 10.2.2) as the caller can use it.

        Args:
            value: as the upstream wrote it.
            authority: the Host field of the caller's request.
        """
        absolute = _ABSOLUTE.fullmatch(value)
        if _STRANGE.search(value) or not (self._is_own(absolute[1], authority) if absolute else value[:1] == b"/"):
            return value
        place = absolute[2] if absolute else value
        path = re.split(rb"[?#]", place, maxsplit=1)[0]
        mapped = self.prefixes.back(path or b"/")
        if mapped is None or mapped.startswith(b"//"):  # the name of a host, where there was none
            return value
        return mapped + place[len(path) :]

    def _is_own(self, host: bytes, authority: bytes) -> bool:
        plain = usual(host)
        if plain in self.own or not self.preserved:
            return plain in self.own
        called = usual(authority)
        return plain == called or plain in {called.partition(b":")[0] + port for port in self.ports}

    def cookie(self, value: bytes) -> bytes:
        """Return a cookie (RFC 6265, section 4.1) with the Path and the Domain that it has for callers."""
        named, *attributes = value.split(b";")
        fixed = named.lstrip(b" \t")[:7].lower() == b"__host-"  # for `/`, or for nothing (RFC 6265bis, section 4.1.3.2)
        kept = [self._attribute(one, fixed=fixed) for one in attributes]
        return b";".join([named, *(one for one in kept if one is not None)])

    def _attribute(self, attribute: bytes, *, fixed: bool) -> bytes | None:
        name, _, said = (piece.strip(b" \t") for piece in attribute.partition(b"="))
        if name.lower() == b"path" and said.startswith(b"/") and not fixed:
            return b" Path=" + self.prefixes.reach(said)
        if name.lower() == b"domain" and self._is_within(said.lower().removeprefix(b".")):
            return None  # it is for whoever is asked, and nobody else (section 4.1.2.3)
        return attribute

    def _is_within(self, domain: bytes) -> bool:
        hosts = {host.partition(b":")[0] for host in self.own}
        return any(host == domain or host.endswith(b"." + domain) for host in hosts)


def usual(authority: bytes) -> bytes:
    """Return host and port as they are compared: lower case, without the usual ports."""
    lowered = authority.lower()
    return next((lowered.removesuffix(port) for port in _DEFAULTS if lowered.endswith(port)), lowered)


def way_back(prefixes: Prefixes, host: str, endpoints: Iterable[str]) -> WayBack:
    """Return the way back from an upstream.

    Args:
        prefixes: how paths were changed.
        host: what its spec says of Host.
        endpoints: scheme, host and port of each.
    """
    places = [one.partition("://")[2].encode() for one in endpoints]
    ports = frozenset(b":" + place.rpartition(b":")[2] for place in places)
    names = set(places)
    if host not in ("preserve", "endpoint"):
        called = host.encode()
        names |= {called, *(called.partition(b":")[0] + port for port in ports)}
    return WayBack(prefixes, frozenset(map(usual, names)), ports, preserved=host == "preserve")
