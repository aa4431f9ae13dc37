"""Who may issue client certificates: the trust anchors of a listener. Never the system's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import structlog
from cryptography import x509

from ostiary.config.schema import ClientSpec
from ostiary.config.values import FileRef
from ostiary.errors import ConfigError
from ostiary.listener.profile import Profile, extension
from ostiary.pki.references import read

_log = structlog.get_logger("ostiary.listener")


def load_authorities(spec: ClientSpec, folder: Path, now: datetime) -> tuple[x509.Certificate, ...]:
    """Return the CA certificates that a listener trusts.

    Args:
        spec: `tls.client`.
        folder: the folder of the configuration file.
        now: the time, aware of its zone.

    Raises:
        ConfigError: a file is missing, empty or holds something else; a certificate is no authority by the
            profile; or all of them have expired, so that nobody could ever get in.
    """
    found = [(ref, one) for ref in spec.authorities for one in _certificates(ref, folder)]
    for ref, certificate in found:
        _check_authority(ref, certificate, spec.profile)
    current = [one for _, one in found if _current(one, now)]
    if not current:
        raise ConfigError("tls.client.authorities: none of them is valid now; ask for the new CA certificate")
    return tuple(one for _, one in found)


def closed(authorities: Sequence[x509.Certificate]) -> bool:
    """Whether every chain can be followed up to a self-signed root."""
    subjects = {one.subject for one in authorities}
    return all(one.issuer in subjects for one in authorities)


def name_of(certificate: x509.Certificate) -> str:
    """Return how an authority is called in sentences for the operator."""
    return repr(certificate.subject.rfc4514_string())


def _certificates(reference: FileRef, folder: Path) -> Sequence[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(read(reference, folder))
    except ValueError:
        raise ConfigError(f"{reference}: no PEM certificates in it") from None


def _check_authority(reference: FileRef, certificate: x509.Certificate, profile: Profile) -> None:
    try:
        problem = next(_problems(certificate, profile), None)
    except ValueError:
        problem = "cannot be read"
    if problem is not None:
        raise ConfigError(f"{reference}: the certificate of {name_of(certificate)} {problem}")


def _problems(certificate: x509.Certificate, profile: Profile) -> Iterator[str]:
    """Yield why a certificate is no authority's (RFC 5280, sections 4.2.1.2, 4.2.1.3, 4.2.1.9)."""
    constraints = extension(certificate, x509.BasicConstraints)
    usage = extension(certificate, x509.KeyUsage)
    if constraints is None or not constraints.ca:
        yield "is not a CA's; name the authority that issued it instead"
    if usage is not None and not usage.key_cert_sign:
        yield "may not sign certificates (keyUsage)"
    if profile == "strict":
        remedy = "issue it anew, or use profile: compat"
        if usage is None:
            yield f"has no keyUsage; {remedy}"
        if extension(certificate, x509.SubjectKeyIdentifier) is None:
            yield f"has no subjectKeyIdentifier; {remedy}"
        if not certificate.extensions.get_extension_for_class(x509.BasicConstraints).critical:
            yield f"has basicConstraints that are not critical; {remedy}"


def _current(certificate: x509.Certificate, now: datetime) -> bool:
    if certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return True
    _log.warning(
        "authority of client certificates is not valid now",
        authority=certificate.subject.rfc4514_string(),
        not_before=certificate.not_valid_before_utc.isoformat(),
        not_after=certificate.not_valid_after_utc.isoformat(),
    )
    return False
