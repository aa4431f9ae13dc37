"""What a name of a certificate must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.errors import InvalidCertificate
from ostiary.model import Certificate
from ostiary.pki.naming import NameSource, canonical, names_of
from ostiary.pki.patterns import NamePattern
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


def condition(source: NameSource, wanted: str | Sequence[str]) -> Condition:
    """Return the condition that a name is covered by a pattern, or by one of several.

    Raises:
        ConfigError: a pattern cannot be read.
    """
    several = (wanted,) if isinstance(wanted, str) else wanted
    return Condition(source, tuple(NamePattern.parse(text, source) for text in several))


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
