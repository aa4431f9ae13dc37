"""Patterns of names.

A pattern is a name in which a whole part may be `*`; the parts lie between `/` in a URI, between `.` in a host
name, around the `@` of a mail address or a UPN, between the commas of a distinguished name (`CN=*`), and
everything else is one single part. `**` stands for any rest at the end of a URI, or alone for every name that
the authorities vouch for. Everything else is exact.

Matching compares part by part, once: no expression is searched for, no input makes it slow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ostiary.errors import ConfigError
from ostiary.pki.naming import URI, NameSource, canonical, is_distinguished, relative_names

_SEPARATOR: Final = {"san.dns": ".", "san.email": "@", "san.upn": "@"}
_URIS: Final = ("san.uri", "spiffe")
_DISTINGUISHED: Final = ("dn", "issuer")
_ANY: Final = "*"
_REST: Final = "**"
_SHAPES: Final = {
    "serial": (re.compile(r"[0-9a-f]{1,40}"), "hexadecimal digits, as `ostiary certs inspect` shows them"),
    "fingerprint": (re.compile(r"[0-9a-f]{64}"), "64 hexadecimal digits: `openssl x509 -fingerprint -sha256`"),
    "spki": (re.compile(r"[A-Za-z0-9+/]{43}="), "SHA-256 in base64, as `ostiary certs inspect` shows it"),
}


@dataclass(frozen=True, slots=True)
class NamePattern:
    """Which names are accepted.

    Attributes:
        source: the kind of name.
        parts: what each part must be; `*` for any one.
        rest: whether one or more parts may follow.
    """

    source: NameSource
    parts: tuple[str, ...]
    rest: bool

    @classmethod
    def parse(cls, text: str, source: NameSource) -> NamePattern:
        """Return the pattern that a text describes.

        Raises:
            ConfigError: a star is only a piece of a part, `**` stands where it says nothing, or it is no name of
                its kind.
        """
        if text == _REST:
            return cls(source, (), rest=True)
        _require_shape(text, source)
        parts = _split(canonical(text, source), source)
        rest = source in _URIS and parts[-1] == _REST
        fixed = parts[:-1] if rest else parts
        if any(_REST in part for part in fixed):
            raise ConfigError(f"allow: {text!r}: ** stands alone, or for the rest of a URI: spiffe://example.com/**")
        if any(_ANY in part and not _is_star(part, source) for part in fixed):
            raise ConfigError(f"allow: {text!r}: * stands for a whole part of a name, not for a piece of one")
        return cls(source, fixed, rest)

    def covers(self, name: str) -> bool:
        """Whether a name, in its canonical spelling, is accepted."""
        parts = _split(name, self.source)
        size = len(self.parts)
        if len(parts) <= size if self.rest else len(parts) != size:
            return False
        fixed = zip(self.parts, parts[:size], strict=True)
        return all(_same(wanted, part, self.source) for wanted, part in fixed) and all(
            _plain(part, self.source) or self.source in _DISTINGUISHED for part in parts[size:]
        )


def _require_shape(text: str, source: NameSource) -> None:
    if source in _DISTINGUISHED and not is_distinguished(text):
        raise ConfigError(f"{source}: {text!r} is not a distinguished name: CN=Bank CA,O=Bank,C=GB")
    shape = _SHAPES.get(source)
    if shape is not None and not shape[0].fullmatch(canonical(text, source)):
        raise ConfigError(f"{source}: {text!r} is not one: {shape[1]}")


def _split(name: str, source: NameSource) -> tuple[str, ...]:
    """Return the parts of a name. The scheme of a URI is one, with its `://`."""
    if source in _DISTINGUISHED:
        return relative_names(name)
    uri = URI.fullmatch(name) if source in _URIS else None
    if uri is not None:
        return (uri[1], *(uri[2] + uri[3]).split("/"))
    separator = "/" if source in _URIS else _SEPARATOR.get(source)
    return (name,) if separator is None else tuple(name.split(separator))


def _is_star(part: str, source: NameSource) -> bool:
    return part == _ANY or (source in _DISTINGUISHED and part.endswith("=*") and part.count(_ANY) == 1)


def _same(wanted: str, part: str, source: NameSource) -> bool:
    if not _is_star(wanted, source):
        return wanted == part
    kind = wanted.removesuffix(_ANY)
    return part.startswith(kind) and _plain(part.removeprefix(kind), source)


def _plain(part: str, source: NameSource) -> bool:
    """Whether a star may stand for a part: not for nothing, for another star, or for what a URI resolves away.

    Dot segments, escapes, queries and fragments can make `bank/x` out of what reads `bank/../admin` or the other
    way round, and a `+` joins two attributes of a distinguished name to one part: these are only accepted where
    they are written out.
    """
    if source in _URIS:
        return part not in ("", ".", "..") and not any(sign in part for sign in "*%?#\\")
    return part != "" and "*" not in part and not (source in _DISTINGUISHED and "+" in part)
