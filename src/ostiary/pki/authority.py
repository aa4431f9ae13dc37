"""A certificate authority: issues, revokes, signs revocation lists.

Made for development and tests. It keeps its key in memory and its register of revoked certificates
for as long as it lives; a production PKI stays where it is, the gateway only needs its CA certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import NameOID

from ostiary.pki import extensions
from ostiary.pki.extensions import Extension
from ostiary.pki.keys import KeyKind, PrivateKey, PublicKey, generate, signing_hash

_EARLY = timedelta(minutes=5)
"""How much earlier than now a certificate begins, for clocks that go a little slow."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key, its certificate, and the authorities between it and the root.

    Attributes:
        certificate: the leaf.
        key: its private key; never printed.
        chain: intermediate authorities, nearest first; the root is not among them.
    """

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)
    chain: tuple[x509.Certificate, ...] = ()


def common_name(text: str | None) -> x509.Name:
    """Return a distinguished name with one CN, or the empty one."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


def utc_now() -> datetime:
    """Return the time, aware of its zone."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Authority:
    """A CA: a key, a certificate, a register of what was revoked.

    Attributes:
        certificate: its own certificate.
        key: its private key; never printed.
        chain: the certificates to send along with a leaf: itself and above, without the root.
        clock: what time it is.
    """

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)
    chain: tuple[x509.Certificate, ...] = ()
    clock: Callable[[], datetime] = field(default=utc_now, repr=False)
    _revoked: dict[int, datetime] = field(default_factory=dict, repr=False)
    _crl_number: int = field(default=0, repr=False)

    @classmethod
    def create(
        cls,
        subject: str | x509.Name = "Ostiary development CA",
        *,
        days: float = 3650,
        key: KeyKind | PrivateKey = "ec-p256",
        path_length: int | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> Authority:
        """Return a new root.

        Args:
            subject: its CN, or its whole name.
            days: how long it is valid.
            key: the kind of its key, or the key itself.
            path_length: how many authorities may stand below it; None for any number.
            clock: what time it is.
        """
        private = generate(key) if isinstance(key, str) else key
        name = common_name(subject) if isinstance(subject, str) else subject
        marks = extensions.authority(path_length)
        own = sign(name, private.public_key(), name, private, marks, *_period(clock(), days))
        return cls(own, private, clock=clock)

    def intermediate(
        self,
        subject: str,
        *,
        days: float = 1825,
        key: KeyKind = "ec-p256",
        path_length: int | None = 0,
        also: Iterable[Extension] = (),
    ) -> Authority:
        """Return a new authority below this one. `also` may hold name constraints (RFC 5280, section 4.2.1.10)."""
        private = generate(key)
        marks = [*extensions.authority(path_length), *also]
        certificate = self.issue(common_name(subject), private.public_key(), marks, days=days)
        return Authority(certificate, private, chain=(certificate, *self.chain), clock=self.clock)

    def issue_server(self, *names: str, days: float = 90, key: KeyKind = "ec-p256") -> Identity:
        """Return an identity for a server with these host names and addresses."""
        subject = common_name(names[0])
        marks = extensions.leaf(extensions.SERVER)
        alternative = extensions.alternative_names(extensions.host_names(names), subject_empty=False)
        return self._identity(subject, [*marks, *alternative], days, None, key)

    def issue_client(
        self,
        *,
        cn: str | None = None,
        uris: Iterable[str] = (),
        dns: Iterable[str] = (),
        emails: Iterable[str] = (),
        days: float = 90,
        start: datetime | None = None,
        key: KeyKind = "ec-p256",
    ) -> Identity:
        """Return an identity for a client.

        Args:
            cn: its common name; without one the subject is empty.
            uris: its URIs, such as a SPIFFE ID.
            dns: its host names.
            emails: its mail addresses.
            days: how long it is valid.
            start: when that begins; a little before now by default.
            key: the kind of its key.
        """
        names = [
            *(x509.UniformResourceIdentifier(uri) for uri in uris),
            *(x509.DNSName(name) for name in dns),
            *(x509.RFC822Name(email) for email in emails),
        ]
        marks = extensions.leaf(extensions.CLIENT)
        alternative = extensions.alternative_names(names, subject_empty=not cn)
        return self._identity(common_name(cn), [*marks, *alternative], days, start, key)

    def _identity(
        self, subject: x509.Name, marks: list[Extension], days: float, start: datetime | None, key: KeyKind
    ) -> Identity:
        private = generate(key)
        certificate = self.issue(subject, private.public_key(), marks, days=days, start=start)
        return Identity(certificate, private, self.chain)

    def issue(
        self,
        subject: x509.Name,
        public_key: PublicKey,
        marks: Iterable[Extension],
        *,
        days: float,
        start: datetime | None = None,
    ) -> x509.Certificate:
        """Return a certificate for a public key, with exactly these extensions and the key identifiers."""
        begin, end = _period(start or self.clock(), days, early=timedelta(0) if start else _EARLY)
        return sign(subject, public_key, self.certificate.subject, self.key, marks, begin, end)

    def revoke(self, certificate: x509.Certificate) -> None:
        """Enter a certificate of this authority into the register; the next CRL lists it.

        Raises:
            ValueError: another authority issued it.
        """
        if certificate.issuer != self.certificate.subject:
            raise ValueError("only its own authority revokes a certificate")
        self._revoked.setdefault(certificate.serial_number, self.clock())

    def crl(self, *, days: float = 7, start: datetime | None = None) -> x509.CertificateRevocationList:
        """Return a signed revocation list of all that was revoked (RFC 5280, section 5).

        Args:
            days: until the next update is due.
            start: when it was made; a little before now by default.
        """
        period = _period(start or self.clock(), days, early=timedelta(0) if start else _EARLY)
        self._crl_number += 1
        entries = [x509.RevokedCertificateBuilder(serial, when).build() for serial, when in self._revoked.items()]
        return self.sign_crl(entries, self._crl_number, *period)

    def sign_crl(
        self, entries: Iterable[x509.RevokedCertificate], number: int, begin: datetime, end: datetime
    ) -> x509.CertificateRevocationList:
        """Return a revocation list with these entries.

        Args:
            entries: what it revokes.
            number: its number, higher than that of every list before it (RFC 5280, section 5.2.3).
            begin: when it was made.
            end: until when the next one is due.
        """
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = x509.CertificateRevocationListBuilder(self.certificate.subject, begin, end)
        builder = builder.add_extension(issuer, critical=False)
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        for entry in entries:
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, signing_hash(self.key))


def sign(  # noqa: PLR0917 - the fields of a certificate, in their order
    subject: x509.Name,
    public_key: PublicKey,
    issuer: x509.Name,
    issuer_key: PrivateKey,
    marks: Iterable[Extension],
    begin: datetime,
    end: datetime,
) -> x509.Certificate:
    """Return a certificate, version 3, with a random serial number (RFC 5280, section 4.1)."""
    builder = x509.CertificateBuilder(issuer, subject, public_key, x509.random_serial_number(), begin, end)
    for extension, critical in [*marks, *extensions.key_identifiers(public_key, issuer_key.public_key())]:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, signing_hash(issuer_key))


def _period(now: datetime, days: float, *, early: timedelta = _EARLY) -> tuple[datetime, datetime]:
    return now - early, now + timedelta(days=days)
