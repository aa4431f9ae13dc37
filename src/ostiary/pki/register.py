"""What an authority has issued and revoked: the book it keeps, as a value, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ostiary.pki.errors import PkiError
from ostiary.pki.names import show_name
from ostiary.pki.subject import show_subject

Why: TypeAlias = Literal[
    "unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation", "privilegeWithdrawn"
]
"""Why a certificate is revoked (RFC 5280, section 5.3.1)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One certificate.

    Attributes:
        serial: its serial number.
        subject: its distinguished name (RFC 4514).
        names: its alternative names, as people read them.
        not_before, not_after: its validity, seconds since the epoch.
        fingerprint: SHA-256 of it, hexadecimal.
        revoked: since when it is revoked, seconds since the epoch, or None.
        why: why.
    """

    serial: int
    subject: str
    names: tuple[str, ...]
    not_before: float
    not_after: float
    fingerprint: str
    revoked: float | None = None
    why: Why | None = None

    def state(self, now: float) -> Literal["valid", "revoked", "expired"]:
        """Return how it stands with it."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if now > self.not_after else "valid"


@dataclass(frozen=True, slots=True)
class Register:
    """The book of an authority.

    Attributes:
        key: where its private key lies; seen from its folder.
        crl_url, ocsp_url: what is written into every certificate, or None (RFC 5280, sections 4.2.1.13 and 4.2.2.1).
        number: the number of its last revocation list.
        entries: what it has issued, by serial number.
    """

    key: str
    crl_url: str | None = None
    ocsp_url: str | None = None
    number: int = 0
    entries: Mapping[int, Entry] = field(default_factory=dict)

    def issued(self, certificate: x509.Certificate) -> Register:
        """Return the book with a new certificate in it."""
        entry = entry_of(certificate)
        return replace(self, entries={**self.entries, entry.serial: entry})

    def revoke(self, serial: int, now: float, why: Why) -> Register:
        """Return the book with a certificate struck out. Revoking twice changes nothing: the first date counts.

        Raises:
            PkiError: it was not issued by this authority.
        """
        entry = self.entries.get(serial)
        if entry is None:
            raise PkiError(f"serial {serial:x} was not issued here", hint="`ostiary certs list` names what was")
        if entry.revoked is not None:
            return self
        return replace(self, entries={**self.entries, serial: replace(entry, revoked=now, why=why)})

    def next_list(self) -> Register:
        """Return the book with the number of its next revocation list."""
        return replace(self, number=self.number + 1)

    def revoked(self) -> Iterator[x509.RevokedCertificate]:
        """Yield the entries of its revocation list."""
        for entry in self.entries.values():
            if entry.revoked is not None:
                yield revoked_entry(entry.serial, datetime.fromtimestamp(entry.revoked, UTC), entry.why)

    def as_json(self) -> str:
        """Return the book as it is written down."""
        document = asdict(self) | {"entries": [_written(entry) for entry in self.entries.values()]}
        return json.dumps({"version": 1, **document}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Register:
        """Return the book that was written down.

        Raises:
            PkiError: it cannot be read.
        """
        try:
            document: dict[str, Any] = json.loads(text)
            if document.pop("version") != 1:
                raise PkiError("the register was written by another version of Ostiary")
            entries = [_read(entry) for entry in document.pop("entries")]
            return cls(**document, entries={entry.serial: entry for entry in entries})
        except (ValueError, TypeError, KeyError, AttributeError):
            raise PkiError("the register cannot be read; restore a copy of register.json") from None


def entry_of(certificate: x509.Certificate) -> Entry:
    """Return the entry of a certificate that was just issued."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = None
    return Entry(
        serial=certificate.serial_number,
        subject=show_subject(certificate.subject),
        names=() if names is None else tuple(show_name(name) for name in names),
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
    )


def revoked_entry(serial: int, when: datetime, why: Why | None = None) -> x509.RevokedCertificate:
    """Return an entry of a revocation list; `unspecified` is left out (RFC 5280, section 5.3.1)."""
    builder = x509.RevokedCertificateBuilder(serial, when)
    if why is not None and why != "unspecified":
        builder = builder.add_extension(x509.CRLReason(x509.ReasonFlags(why)), critical=False)
    return builder.build()


def _written(entry: Entry) -> dict[str, Any]:
    return asdict(entry) | {"serial": f"{entry.serial:x}"}


def _read(document: dict[str, Any]) -> Entry:
    serial, names = int(document.pop("serial"), 16), tuple(document.pop("names"))
    return Entry(serial=serial, names=names, **document)
