"""Authenticate by TLS client certificate.

The listener has verified chain, usage and revocation. What is left to decide is which of the
certificate's names is the principal, and whether it is one of ours. That is decided once for each
certificate; whether it is still valid is asked with every request, because connections live long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ostiary.authn.identity import Identity
from ostiary.config.certificates import IdentitySpec, MtlsSpec
from ostiary.errors import InvalidCertificate
from ostiary.model import Certificate, Principal, Request
from ostiary.pki.certificate import validity
from ostiary.pki.condition import Condition, condition
from ostiary.pki.naming import NameSource, names_of

METHOD: Final = "mtls"
_REMEMBERED: Final = 1024
_TELLING: Final[tuple[NameSource, ...]] = ("san.uri", "san.dns", "san.email", "san.upn")


@dataclass(frozen=True, slots=True)
class MtlsAuthenticator:
    """Takes the principal's name from one field of the client certificate.

    Attributes:
        identities: whom certificates stand for; the first that covers one decides.
        wanted: the name that every certificate must have, or None when that depends on the identity.
        clock: seconds since the epoch.
    """

    identities: tuple[Identity, ...]
    wanted: Identity | None = None
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
        identity = self._identity(certificate)
        principal = Principal(
            subject=identity.subject(certificate),
            issuer=certificate.issuer,
            method=METHOD,
            certificate=certificate,
            tenant=identity.tenant,
            environment=identity.environment,
            expires=certificate.not_after,
            permissions=identity.rights(),
        )
        if len(self._proven) >= _REMEMBERED:
            del self._proven[next(iter(self._proven))]  # the oldest
        self._proven[certificate.thumbprint] = principal
        return principal

    def _identity(self, certificate: Certificate) -> Identity:
        if self.wanted is not None:
            self.wanted.subject(certificate)
        for identity in self.identities:
            if identity.covers(certificate):
                return identity
        raise InvalidCertificate(f"{_called(certificate)}, issued by {certificate.issuer!r}, is not allowed")


def _called(certificate: Certificate) -> str:
    """Return a certificate's names, for the log."""
    names = [f"{source} {name!r}" for source in _TELLING for name in names_of(certificate, source)]
    return ", ".join([repr(certificate.subject), *names])


def compile_mtls(spec: MtlsSpec, clock: Callable[[], float] = time.time) -> MtlsAuthenticator:
    """Return the authenticator that a block of the configuration describes.

    Args:
        spec: the block.
        clock: seconds since the epoch.

    Raises:
        ConfigError: a pattern or the issuer's name cannot be read.
    """
    issuers = () if spec.issuer is None else (condition("issuer", spec.issuer),)
    if spec.allow is not None:
        only = Identity((condition(spec.subject, spec.allow), *issuers), spec.subject)
        return MtlsAuthenticator((only,), only, clock)
    return MtlsAuthenticator(tuple(_compile(one, spec.subject, issuers) for one in spec.identities or ()), None, clock)


def _compile(spec: IdentitySpec, subject: NameSource, issuers: tuple[Condition, ...]) -> Identity:
    conditions = tuple(condition(source, wanted) for source, wanted in spec.match.items())
    permissions: Mapping[str, Sequence[str]] | None = spec.permissions or None
    return Identity((*issuers, *conditions), spec.subject or subject, spec.tenant, spec.environment, permissions)
