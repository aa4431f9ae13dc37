"""Envoy's x-forwarded-client-cert.

    Hash=...;Cert="...";Chain="...";Subject="...";URI=...;DNS=...

One element for each proxy that the request came through, with commas between them. Only one element is
understood: of several, all but the last were written by whoever sent the request to the last proxy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

from cryptography import x509

from ostiary.pki.dialect.encodings import from_pem, from_percent_encoded, pem_of, percent_encoded
from ostiary.pki.dialect.shown import NotUnderstood, Shown

_PAIR: Final = re.compile(rb'(By|Hash|Cert|Chain|Subject|URI|DNS)=("(?:[^"\\]|\\.)*"|[^",;]*)', re.IGNORECASE)
_MANY: Final = (b"by", b"uri", b"dns")
_PLAIN: Final = re.compile(r"[^\"\\,;=\s]+")


def write(shown: Shown) -> bytes:
    """Return the value of the header for a certificate."""
    pairs = [("Hash", sha256(shown.leaf).hexdigest()), ("Cert", f'"{_escaped([shown.leaf])}"')]
    if shown.chain:
        pairs.append(("Chain", f'"{_escaped([shown.leaf, *shown.chain])}"'))
    pairs += _names(x509.load_der_x509_certificate(shown.leaf))
    return ";".join(f"{key}={value}" for key, value in pairs).encode("ascii", "replace")


def read(value: bytes) -> Shown:
    """Return the certificate that a header shows.

    Raises:
        NotUnderstood: it has several elements, no `Cert`, or parts that contradict each other.
    """
    pairs = _pairs(value)
    if b"cert" not in pairs:
        raise NotUnderstood("no Cert: let Envoy set_current_client_cert_details {cert: true}")
    certificates = from_pem(from_percent_encoded(pairs[b"cert"]))
    if len(certificates) != 1:
        raise NotUnderstood("several certificates in Cert")
    chain = from_pem(from_percent_encoded(pairs[b"chain"])) if b"chain" in pairs else certificates
    if chain[0] != certificates[0]:
        raise NotUnderstood("Chain does not begin with Cert")
    if b"hash" in pairs and pairs[b"hash"].lower() != sha256(certificates[0]).hexdigest().encode():
        raise NotUnderstood("Hash is another certificate's")
    return Shown(chain[0], tuple(chain[1:]))


def _pairs(value: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    place = 0
    while place < len(value):
        match = _PAIR.match(value, place)
        if match is None:
            raise NotUnderstood("not one element of key=value pairs")
        key = match[1].lower()
        if key in found and key not in _MANY:
            raise NotUnderstood(f"{key.decode()} is there twice")
        found[key] = match[2].removeprefix(b'"').removesuffix(b'"')
        place = match.end()
        if place < len(value):
            if value[place : place + 1] != b";" or place + 1 == len(value):
                raise NotUnderstood("more than one element: the proxy must replace the header, not append to it")
            place += 1
    return found


def _escaped(ders: Sequence[bytes]) -> str:
    return percent_encoded(pem_of(ders)).decode()


def _names(certificate: x509.Certificate) -> Iterator[tuple[str, str]]:
    subject = certificate.subject.rfc4514_string()
    yield "Subject", '"{}"'.format(subject.replace("\\", "\\\\").replace('"', '\\"'))
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    for key, kind in (("URI", x509.UniformResourceIdentifier), ("DNS", x509.DNSName)):
        for name in names.get_values_for_type(kind):
            if _PLAIN.fullmatch(name):  # what would have to be quoted is left out; the certificate says it
                yield key, name
