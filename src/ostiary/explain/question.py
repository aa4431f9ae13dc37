"""The request that is asked about: its head, and who would have sent it from where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ostiary.model import Certificate, Headers, Peer
from ostiary.pki.certificate import describe

_LARGEST: Final = 65536
_TEXTS: Final = ("method", "scheme", "target", "source")
_METHOD: Final = 64


class Unreadable(Exception):
    """What was given is no request. The text is for the user, and holds nothing of what was given."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request.

    Attributes:
        method, scheme, target, fields: its head.
        source: where the caller connects from.
        certificate: the caller's, in PEM, taken as verified; or None.
    """

    method: str
    scheme: str
    target: str
    fields: tuple[tuple[str, str], ...]
    source: str = "127.0.0.1"
    certificate: str | None = None

    def headers(self) -> Headers:
        """Return the fields of the head."""
        return Headers.of([(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.fields])

    def peer(self) -> Peer:
        """Return the other end.

        Raises:
            Unreadable: the certificate is none.
        """
        return Peer(self.source, None if self.certificate is None else read_certificate(self.certificate.encode()))

    def document(self) -> dict[str, Any]:
        """Return it as one document, which `read` reads."""
        certificate = {} if self.certificate is None else {"certificate": self.certificate}
        plain = {name: getattr(self, name) for name in _TEXTS}
        return {**plain, "headers": [list(field) for field in self.fields], **certificate}


def read(document: Any) -> Question:
    """Return what a document asks.

    Raises:
        Unreadable: it asks nothing that can be understood.
    """
    if not isinstance(document, dict) or not document.keys() <= {*_TEXTS, "headers", "certificate", "claims"}:
        raise Unreadable("a block with method, scheme, target, headers, source and certificate is wanted")
    texts = {name: document.get(name) for name in _TEXTS}
    certificate = document.get("certificate")
    known = {name: text for name, text in texts.items() if isinstance(text, str) and len(text) <= _LARGEST}
    if len(known) < len(texts) or not isinstance(certificate, str | None) or len(known["method"]) > _METHOD:
        raise Unreadable(f"{', '.join(_TEXTS)} are texts, and so is certificate where there is one")
    if known["scheme"] not in ("http", "https"):
        raise Unreadable("scheme is http or https")
    return Question(**known, fields=_fields(document.get("headers", ())), certificate=certificate)


def _fields(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(_is_field(one) for one in value):
        raise Unreadable("headers are a list of names with values, of letters that a field can have")
    return tuple((name, text) for name, text in value)


def _is_field(one: Any) -> bool:
    texts = isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one)  # noqa: PLR2004 - name, value
    return texts and all(ord(letter) < 256 for part in one for letter in part)  # noqa: PLR2004 - octets


def read_certificate(data: bytes) -> Certificate:
    """Return a certificate, taken as verified.

    Raises:
        Unreadable: it is none.
    """
    try:
        return describe(x509.load_pem_x509_certificate(data))
    except ValueError as error:
        raise Unreadable("there is no certificate in what was given as one") from error


def pem(certificate: x509.Certificate) -> str:
    """Return a certificate as text."""
    return certificate.public_bytes(Encoding.PEM).decode()
