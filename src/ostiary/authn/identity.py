"""Whom certificates stand for: ordered, and the first that covers a certificate decides.

    conditions on its names  ->  which name is the subject, and of which tenant, with which permissions

A condition wants exactly one name of its kind. Where there are two, the choice would be the client's, and going on
to the next identity would be a choice as well: such a certificate is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ostiary.authn.names import NameSource, canonical, names_of
from ostiary.authn.patterns import NamePattern
from ostiary.errors import InvalidCertificate
from ostiary.model import Certificate
from ostiary.pki.spiffe import is_spiffe_id
from ostiary.reasons import Reason


@dataclass(frozen=True, slots=True)
class Condition:
    """What one name of a certificate must be.

    Attributes:
        source: the kind of name.
        patterns: any one of them is enough.
    """

    source: NameSource
    patterns: tuple[NamePattern, ...]

    def holds(self, certificate: Certificate) -> bool:
        """Whether the certificate has such a name.

        Raises:
            InvalidCertificate: it has several of the kind.
        """
        name = the_name(certificate, self.source)
        return name is not None and any(pattern.covers(name) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Identity:
    """One kind of certificate, and whom it stands for.

    Attributes:
        conditions: all of them must hold.
        source: which name is the subject.
        tenant, environment: where such callers belong, or None.
        permissions: what they may, by service; None when nothing is said.
    """

    conditions: tuple[Condition, ...]
    source: NameSource
    tenant: str | None = None
    environment: str | None = None
    permissions: Mapping[str, Sequence[str]] | None = field(default=None)

    def covers(self, certificate: Certificate) -> bool:
        """Whether it is for a certificate.

        Raises:
            InvalidCertificate: a name that it asks for is there more than once.
        """
        return all(condition.holds(certificate) for condition in self.conditions)

    def subject(self, certificate: Certificate) -> str:
        """Return the name of a certificate that it covers.

        Raises:
            InvalidCertificate: the name is missing, or there are several.
        """
        name = the_name(certificate, self.source)
        if name is None:
            raise InvalidCertificate(f"no {self.source}", reason=Reason.CERTIFICATE_NAME_MISSING)
        return name

    def rights(self) -> Any:
        """Return the permissions as rules read them."""
        return None if self.permissions is None else {service: list(them) for service, them in self.permissions.items()}


def the_name(certificate: Certificate, source: NameSource) -> str | None:
    """Return the one name of a kind, in its canonical spelling, or None when there is none.

    Raises:
        InvalidCertificate: there are several: a choice between two would be the client's, not ours.
    """
    names = names_of(certificate, source)
    if not names:
        return None
    if len(names) > 1:
        raise InvalidCertificate(f"{len(names)} x {source}", reason=Reason.CERTIFICATE_NAME_AMBIGUOUS)
    if source == "spiffe" and not is_spiffe_id(names[0]):
        return None
    return canonical(names[0], source)
