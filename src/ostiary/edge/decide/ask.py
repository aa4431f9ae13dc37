"""What a proxy asks, and what every dialect is read with: exact names, each exactly once."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
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


class Asked:
    """What an ask is about. Made for each, and so written out.

    Attributes:
        method, target, authority, scheme: of the caller's request, as the proxy received it.
        address: the caller's, "" for one without.
        headers: the caller's fields; what the proxy says of the request is gone.
        certificate: what the proxy says of the caller's, or None when it says nothing.
        explain: a refusal is to be explained; the answer must not permit anything.
        brief: every refusal is to be 403; it will be explained.
        refused: what it was, as the proxy was told with it, or "".
    """

    __slots__ = (
        *(
            "address",
            "authority",
            "brief",
            "certificate",
            "explain",
            "headers",
            "method",
            "refused",
            "scheme",
            "target",
        ),
    )

    def __init__(
        self,
        *,
        method: str,
        target: bytes,
        authority: bytes,
        scheme: str,
        address: str,
        headers: Headers,
        certificate: bytes | None = None,
    ) -> None:
        self.method = method
        self.target = target
        self.authority = authority
        self.scheme = scheme
        self.address = address
        self.headers = headers
        self.certificate = certificate
        self.explain = self.brief = False
        self.refused = ""


Reader: TypeAlias = Callable[[Request], Asked]
"""A dialect: an ask -> what it is about. Raises NotAsked."""


class Names:
    """In which fields a dialect says things. Lower case; the only spelling that counts.

    Args:
        method, target, authority, scheme, address: what the request is; empty where something else says it.
        certificate: the caller's certificate.
        others: what the proxy says beside it, of which nothing is read.
    """

    __slots__ = ("address", "authority", "certificate", "method", "roles", "scheme", "target")

    def __init__(
        self,
        *,
        scheme: bytes,
        address: bytes,
        certificate: bytes,
        method: bytes = b"",
        target: bytes = b"",
        authority: bytes = b"",
        others: tuple[bytes, ...] = (),
    ) -> None:
        self.method, self.target, self.authority = method, target, authority
        self.scheme, self.address, self.certificate = scheme, address, certificate
        names = (method, target, authority, scheme, address, certificate, *others)
        self.roles = {fold(name): name for name in names if name}

    def apart(self, headers: Headers) -> tuple[dict[bytes, bytes], Headers]:
        """Return what the proxy says, and what came from the caller.

        Another spelling of a name is the caller's, who hopes that we cannot tell it from the proxy's (CVE-2026-39858):
        it is neither.

        Raises:
            NotAsked: a field is there twice.
        """
        said: dict[bytes, bytes] = {}
        rest: list[tuple[bytes, bytes, bytes]] = []
        for one in headers.fields:
            name, folded, value = one
            role = self.roles.get(folded)
            if role is None:
                if folded not in _CONNECTION:
                    rest.append(one)
            elif name.lower() != role:
                continue
            elif role in said:
                raise NotAsked(f"{role.decode()} is there twice")
            else:
                said[role] = value
        return said, Headers(rest)


FORWARDED: Final = Names(
    method=b"x-forwarded-method",
    target=b"x-forwarded-uri",
    authority=b"x-forwarded-host",
    scheme=b"x-forwarded-proto",
    address=b"x-forwarded-for",
    certificate=b"x-client-cert",
)
"""The names that most proxies use, or can be told to."""


def needed(said: dict[bytes, bytes], name: bytes) -> bytes:
    """Return what the proxy says under a name.

    Raises:
        NotAsked: nothing.
    """
    value = said.get(name)
    if value is None:
        raise NotAsked(f"{name.decode()} is missing")
    return value


def read_forwarded(request: Request, names: Names = FORWARDED) -> Asked:
    """Return what an ask is about that says it in fields of its own.

    Raises:
        NotAsked: a field is missing, there twice, or not what it should be.
    """
    said, headers = names.apart(request.headers)
    return Asked(
        method=method_of(needed(said, names.method)),
        target=needed(said, names.target),
        authority=needed(said, names.authority),
        scheme=scheme_of(needed(said, names.scheme)),
        address=address_of(needed(said, names.address)),
        headers=headers,
        certificate=said.get(names.certificate),
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


@lru_cache(maxsize=4096)
def address_of(value: bytes) -> str:
    """Return the caller's address: one, never a list, of which callers write a part. nginx says `unix:` for none."""
    if value == b"unix:":
        return ""
    try:
        return str(ip_address(value.decode("ascii", "replace")))
    except ValueError:
        raise NotAsked("the caller's address is not one address") from None


def path_of(request: Request) -> bytes:
    """Return the path of the ask itself; a query behind it is the caller's, and means nothing."""
    return request.target.partition(b"?")[0]
