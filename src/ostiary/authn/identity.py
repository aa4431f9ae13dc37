"""Whom certificates stand for: ordered, and the first that covers a certificate decides.

    conditions on its names  ->  which name is the subject, and of which tenant, with which permissions

A condition wants exactly one name of its kind. Where there are two, the choice would be the client's, and going on
to the next identity would be a choice as well: such a certificate is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ostiary.errors import InvalidCertificate
from ostiary.model import Certificate
from ostiary.pki.condition import Condition, the_name
from ostiary.pki.naming import NameSource
from ostiary.reasons import Reason


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
