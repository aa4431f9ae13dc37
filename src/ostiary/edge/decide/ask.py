"""What a proxy asks, and what every dialect is read with: exact names, each exactly once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, TypeAlias

from ostiary.model import Headers, Request, fold

_METHOD: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}")  # RFC 9110, section 5.6.2
_CONNECTION: Final = frozenset(
    (
        *(b"host", b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding"),
        *(b"content-length", b"expect", b"upgrade", b"http2-settings"),
    )
)
"""Fields of the ask itself: they say nothing of the request that it is about."""


class NotAsked(Exception):
    """An ask that is not what its dialect is. The text is for the log: the proxy's configuration is wrong."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an ask is about.

    Attributes:
        method, target, authority, scheme: of the caller's request, as the proxy received it.
        address: the caller's, "" for one without.
        headers: the caller's fields; what the proxy says of the request is gone, but for the certificate.
        explain: a refusal is to be explained; the answer must not permit anything.
    """

    method: str
    target: bytes
    authority: bytes
    scheme: str
    address: str
    headers: Headers
    explain: bool = False


Reader: TypeAlias = Callable[[Request], Asked]
"""A dialect: an ask -> what it is about. Raises NotAsked."""


@dataclass(frozen=True, slots=True)
class Names:
    """In which fields a dialect says things. Lower case; the only spelling that counts."""

    method: bytes
    target: bytes
    authority: bytes
    scheme: bytes
    address: bytes
    certificate: bytes
    others: tuple[bytes, ...] = ()

    @property
    def all(self) -> tuple[bytes, ...]:
        """Every one of them."""
        return (self.method, self.target, self.authority, self.scheme, self.address, self.certificate, *self.others)


FORWARDED: Final = Names(
    method=b"x-forwarded-method",
    target=b"x-forwarded-uri",
    authority=b"x-forwarded-host",
    scheme=b"x-forwarded-proto",
    address=b"x-forwarded-for",
    certificate=b"x-client-cert",
)
"""The names that most proxies use, or can be told to."""


def once(headers: Headers, name: bytes) -> bytes:
    """Return the value of a field that the proxy writes.

    Raises:
        NotAsked: it is missing, or there twice.
    """
    found = [value for received, _, value in headers.fields if received.lower() == name]
    if len(found) != 1:
        raise NotAsked(f"{name.decode()} is {'missing' if not found else 'there twice'}")
    return found[0]


def read_forwarded(request: Request, names: Names = FORWARDED) -> Asked:
    """Return what an ask is about that says it in fields of its own.

    Raises:
        NotAsked: a field is missing, there twice, or not what it should be.
    """
    headers = request.headers
    return Asked(
        method=method_of(once(headers, names.method)),
        target=once(headers, names.target),
        authority=once(headers, names.authority),
        scheme=scheme_of(once(headers, names.scheme)),
        address=address_of(once(headers, names.address)),
        headers=rest(headers, names.all, names.certificate),
    )


def method_of(value: bytes) -> str:
    """Return a method, as the proxy received it."""
    if not _METHOD.fullmatch(value):
        raise NotAsked("the method is none")
    return value.decode()


def scheme_of(value: bytes) -> str:
    """Return the scheme that the caller used with the proxy."""
    if value not in (b"http", b"https"):
        raise NotAsked("the scheme is neither http nor https")
    return value.decode()


def address_of(value: bytes) -> str:
    """Return the caller's address: one, never a list, of which callers write a part. nginx says `unix:` for none."""
    if value == b"unix:":
        return ""
    try:
        return str(ip_address(value.decode("ascii", "replace")))
    except ValueError:
        raise NotAsked("the caller's address is not one address") from None


def rest(headers: Headers, said: tuple[bytes, ...], certificate: bytes) -> Headers:
    """Return what came from the caller: without what the proxy said, in whatever spelling, but for the certificate.

    Another spelling of a name is the caller's, who hopes that we cannot tell it from the proxy's (CVE-2026-39858).
    """
    names = frozenset(map(fold, said)) | _CONNECTION
    return Headers([one for one in headers.fields if one[1] not in names or (one[0].lower() == certificate)])


def path_of(request: Request) -> bytes:
    """Return the path of the ask itself; a query behind it is the caller's, and means nothing."""
    return request.target.partition(b"?")[0]
