"""Names of a certificate, and patterns of names.

A pattern is a name in which a whole part may be `*`; the parts lie between `/` in a URI, between `.` in
a host name, around the `@` of a mail address, and a common name is one single part. `**` stands for any
rest at the end of a URI, or alone for every name that the authorities vouch for. Everything else is
exact. What is equal by its standard is brought to one spelling first: scheme and host of a URI
(RFC 3986, section 6.2.2.1), host names (RFC 4343), the domain of a mail address (RFC 5321, section 2.4).

Matching compares part by part, once: no expression is searched for, no input makes it slow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ostiary.errors import ConfigError
from ostiary.model import Certificate

NameSource: TypeAlias = Literal["cn", "san.uri", "san.dns", "san.email"]

_URI: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*://)([^/?#]*)(.*)", re.DOTALL)
_SEPARATOR: Final = {"san.uri": "/", "san.dns": ".", "san.email": "@"}
_ANY: Final = "*"
_REST: Final = "**"


def names_of(certificate: Certificate, source: NameSource) -> tuple[str, ...]:
    """Return every name of one kind. The kinds do not stand in for each other."""
    match source:
        case "cn":
            return certificate.common_names
        case "san.uri":
            return certificate.san_uris
        case "san.dns":
            return certificate.san_dns
        case "san.email":
            return certificate.san_emails


def canonical(name: str, source: NameSource) -> str:
    """Return the one spelling of a name under which it is compared and handed on."""
    match source:
        case "cn":
            return name
        case "san.dns":
            return name.lower()
        case "san.email":
            local, at, domain = name.rpartition("@")
            return f"{local}{at}{domain.lower()}"
        case "san.uri":
            parts = _URI.fullmatch(name)
            return name if parts is None else f"{parts[1].lower()}{parts[2].lower()}{parts[3]}"


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
            ConfigError: a star is only a piece of a part, or `**` stands where it says nothing.
        """
        if text == _REST:
            return cls(source, (), rest=True)
        parts = _split(canonical(text, source), source)
        rest = source == "san.uri" and parts[-1] == _REST
        fixed = parts[:-1] if rest else parts
        if any(_REST in part for part in fixed):
            raise ConfigError(f"allow: {text!r}: ** stands alone, or for the rest of a URI: spiffe://example.com/**")
        if any(_ANY in part and part != _ANY for part in fixed):
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
            _plain(part, self.source) for part in parts[size:]
        )


def _split(name: str, source: NameSource) -> tuple[str, ...]:
    """Return the parts of a name. The scheme of a URI is one, with its `://`."""
    if source == "cn":
        return (name,)
    uri = _URI.fullmatch(name) if source == "san.uri" else None
    if uri is None:
        return tuple(name.split(_SEPARATOR[source]))
    return (uri[1], *(uri[2] + uri[3]).split("/"))


def _same(wanted: str, part: str, source: NameSource) -> bool:
    return _plain(part, source) if wanted == _ANY else wanted == part


def _plain(part: str, source: NameSource) -> bool:
    """Whether a star may stand for a part: not for nothing, for another star, or for what a URI resolves away.

    Dot segments, escapes, queries and fragments can make `bank/x` out of what reads `bank/../admin` or
    the other way round, so they are only accepted where they are written out.
    """
    if source == "san.uri":
        return part not in ("", ".", "..") and not any(sign in part for sign in "*%?#\\")
    return part != "" and "*" not in part
