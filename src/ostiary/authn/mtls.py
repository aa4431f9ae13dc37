"""Authenticate by TLS client certificate.

The listener has verified chain, usage and revocation. What is left to decide is which of the
certificate's names is the principal, and whether it is one of ours. That is decided once for each
certificate; whether it is still valid is asked with every request, because connections live long.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509

from ostiary.authn.names import NamePattern, NameSource, canonical, names_of
from ostiary.config.schema import MtlsSpec
from ostiary.errors import ConfigError, InvalidCertificate
from ostiary.model import Certificate, Principal, Request
from ostiary.pki.certificate import validity
from ostiary.reasons import Reason

METHOD: Final = "mtls"
_REMEMBERED: Final = 1024


@dataclass(frozen=True, slots=True)
class MtlsAuthenticator:
    """Takes the principal's name from one field of the client certificate.

    Attributes:
        source: which field.
        allow: the accepted names; any one is enough.
        issuer: the only accepted issuer of the certificate, or None for every authority of the listener.
        clock: seconds since the epoch.
    """

    source: NameSource
    allow: tuple[NamePattern, ...]
    issuer: str | None = None
    clock: Callable[[], float] = time.time
    method: str = field(default=METHOD, init=False)
    evidence: frozenset[str] = field(default=frozenset({"certificate"}), init=False)
    challenge: str | None = field(default=None, init=False)
    _proven: dict[str, Principal] = field(default_factory=dict, init=False, repr=False, compare=False)

    async def authenticate(self, request: Request) -> Principal | None:
        """Return the certificate's principal, or None when the peer sent no certificate.

        Raises:
            InvalidCertificate: it is out of date, or its name is missing, ambiguous or not allowed.
        """
        certificate = request.peer.certificate
        if certificate is None:
            return None
        validity(certificate, self.clock())
        return self._proven.get(certificate.thumbprint) or self._prove(certificate)

    def _prove(self, certificate: Certificate) -> Principal:
        """Judge a certificate, and remember whom it stands for. Refusals are not remembered."""
        principal = Principal(
            subject=self._allowed_name(certificate),
            issuer="tls",
            method=METHOD,
            certificate=certificate,
            expires=certificate.not_after,
        )
        if len(self._proven) >= _REMEMBERED:
            del self._proven[next(iter(self._proven))]  # the oldest
        self._proven[certificate.thumbprint] = principal
        return principal

    def _allowed_name(self, certificate: Certificate) -> str:
        name = self._only_name(certificate)
        if self.issuer is not None and certificate.issuer != self.issuer:
            raise InvalidCertificate(f"{self.source} {name!r} was issued by {certificate.issuer!r}")
        if not any(pattern.covers(name) for pattern in self.allow):
            raise InvalidCertificate(f"{self.source} {name!r} is not allowed")
        return name

    def _only_name(self, certificate: Certificate) -> str:
        """Return the one name of the kind: a choice between two would be the client's, not ours."""
        names = names_of(certificate, self.source)
        if not names:
            raise InvalidCertificate(f"no {self.source}", reason=Reason.CERTIFICATE_NAME_MISSING)
        if len(names) > 1:
            raise InvalidCertificate(f"{len(names)} x {self.source}", reason=Reason.CERTIFICATE_NAME_AMBIGUOUS)
        return canonical(names[0], self.source)


def compile_mtls(spec: MtlsSpec, clock: Callable[[], float] = time.time) -> MtlsAuthenticator:
    """Return the authenticator that a block of the configuration describes.

    Args:
        spec: the block.
        clock: seconds since the epoch.

    Raises:
        ConfigError: a pattern or the issuer's name cannot be read.
    """
    patterns = tuple(NamePattern.parse(text, spec.subject) for text in spec.allow)
    return MtlsAuthenticator(spec.subject, patterns, _issuer(spec.issuer), clock)


def _issuer(text: str | None) -> str | None:
    """Return a distinguished name in the spelling that certificates are described with (RFC 4514)."""
    if text is None:
        return None
    try:
        return x509.Name.from_rfc4514_string(text).rfc4514_string()
    except ValueError:
        raise ConfigError(f"issuer: {text!r} is not a distinguished name: CN=Bank CA,O=Bank,C=GB") from None
