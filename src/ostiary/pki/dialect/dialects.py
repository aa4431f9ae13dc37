"""Every dialect: its headers, how it writes a certificate, how it reads one.

| dialect | header by default | value |
|---|---|---|
| rfc9440 | Client-Cert, Client-Cert-Chain | `:base64:`, a list of them (RFC 9440, RFC 8941) |
| envoy | X-Forwarded-Client-Cert | `Hash=..;Cert="percent-encoded PEM";..` |
| nginx | SSL-Client-Cert | percent-encoded PEM: `$ssl_client_escaped_cert` |
| apache | SSL-Client-Cert | PEM on one line: `%{SSL_CLIENT_CERT}s`; `(null)` for none |
| haproxy | X-SSL-Client-Cert | base64 of the DER: `%[ssl_c_der,base64]` |
| caddy | X-Client-Cert | the same: `{http.request.tls.client.certificate_der_base64}`, which stays as it is for none |
| traefik | X-Forwarded-Tls-Client-Cert | PEM without its first and last line; a chain with commas |
| aws-alb | X-Amzn-Mtls-Clientcert | percent-encoded PEM of the chain, `+`, `=` and `/` as they are |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from ostiary.pki.dialect import xfcc
from ostiary.pki.dialect.encodings import (
    base64_of,
    from_base64,
    from_pem,
    from_percent_encoded,
    pem_of,
    percent_encoded,
)
from ostiary.pki.dialect.shown import NotUnderstood, Shown

Dialect: TypeAlias = Literal["rfc9440", "envoy", "nginx", "apache", "haproxy", "caddy", "traefik", "aws-alb"]

_ALB_SAFE: Final = "+=/"
_CADDY: Final = b"{http.request.tls.client.certificate_der_base64}"
_MOST: Final = 11
"""Certificates in one header: a leaf and as many authorities as `depth` can be."""


@dataclass(frozen=True, slots=True)
class Style:
    """One dialect.

    Attributes:
        header: its header, unless the configuration names another.
        write: a certificate -> the value; the chain is dropped where the dialect has no place for it.
        read: the value -> a certificate. Raises NotUnderstood.
        chain_header: where the chain goes when it has a header of its own, or None.
        absent: values by which the proxy says that there is no certificate.
        unfilled: what a value begins with when the proxy's configuration is wrong.
        carries_chain: whether the header itself has a place for the chain.
    """

    header: str
    write: Callable[[Shown], bytes]
    read: Callable[[bytes], Shown]
    chain_header: str | None = None
    absent: frozenset[bytes] = frozenset({b""})
    unfilled: tuple[bytes, ...] = (b"{", b"$", b"%[", b"%{")
    carries_chain: bool = False

    def write_chain(self, shown: Shown) -> bytes:
        """Return the value of the header of the chain (RFC 9440, section 2.3)."""
        return b", ".join(b":%b:" % base64_of(der) for der in shown.chain)

    def read_both(self, value: bytes, chain: bytes | None) -> Shown:
        """Return the certificate, with its chain if there is one.

        Raises:
            NotUnderstood: either of the two is not what the dialect writes.
        """
        shown = self.read(value)
        if chain is not None:
            shown = Shown(shown.leaf, tuple(_item(item.strip(b" \t")) for item in chain.split(b",")))
        if len(shown.chain) >= _MOST:
            raise NotUnderstood("too many certificates")
        return shown


def _item(text: bytes) -> bytes:
    """Return the octets of a Byte Sequence (RFC 8941, section 3.3.5)."""
    if len(text) < 3 or text[:1] != b":" or text[-1:] != b":":  # noqa: PLR2004 - two colons and something
        raise NotUnderstood("not a Byte Sequence, which stands between colons")
    return from_base64(text[1:-1])


def _listed(ders: list[bytes]) -> Shown:
    return Shown(ders[0], tuple(ders[1:]))


def _only(ders: list[bytes]) -> Shown:
    if len(ders) != 1:
        raise NotUnderstood("more than one certificate")
    return Shown(ders[0])


def _traefik(value: bytes) -> Shown:
    text = from_percent_encoded(value) if b"%" in value else value
    return _listed([from_base64(part) for part in text.split(b",")])


def _quoted(value: bytes) -> Shown:
    quoted = value[:1] == b'"' and value[-1:] == b'"'
    return Shown(from_base64(value[1:-1] if quoted else value))


DIALECTS: Final[Mapping[Dialect, Style]] = {
    "rfc9440": Style(
        "Client-Cert",
        lambda shown: b":%b:" % base64_of(shown.leaf),
        lambda value: Shown(_item(value)),
        chain_header="Client-Cert-Chain",
    ),
    "envoy": Style("X-Forwarded-Client-Cert", xfcc.write, xfcc.read, carries_chain=True),
    "nginx": Style(
        "SSL-Client-Cert",
        lambda shown: percent_encoded(pem_of([shown.leaf])),
        lambda value: _only(from_pem(from_percent_encoded(value))),
    ),
    "apache": Style(
        "SSL-Client-Cert",
        lambda shown: pem_of([shown.leaf]).strip().replace(b"\n", b" "),
        lambda value: _only(from_pem(value)),
        absent=frozenset({b"", b"(null)"}),
    ),
    "haproxy": Style("X-SSL-Client-Cert", lambda shown: base64_of(shown.leaf), _quoted, absent=frozenset({b"", b'""'})),
    "caddy": Style("X-Client-Cert", lambda shown: base64_of(shown.leaf), _quoted, absent=frozenset({b"", _CADDY})),
    "traefik": Style(
        "X-Forwarded-Tls-Client-Cert",
        lambda shown: b",".join(base64_of(der) for der in (shown.leaf, *shown.chain)),
        _traefik,
        carries_chain=True,
    ),
    "aws-alb": Style(
        "X-Amzn-Mtls-Clientcert",
        lambda shown: percent_encoded(pem_of([shown.leaf, *shown.chain]), _ALB_SAFE),
        lambda value: _listed(from_pem(from_percent_encoded(value))),
        carries_chain=True,
    ),
}
assert tuple(DIALECTS) == get_args(Dialect)  # noqa: S101 - one list, written twice
