"""All checks, over several files that may belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from cryptography import x509

from ostiary.pki.diagnosis import files
from ostiary.pki.diagnosis.authority import authority
from ostiary.pki.diagnosis.chain import chain, order
from ostiary.pki.diagnosis.crl import crl, revoked
from ostiary.pki.diagnosis.finding import Finding, Patient, is_authority, readable
from ostiary.pki.diagnosis.leaf import leaf


def examine(patients: Sequence[Patient], purpose: str, now: datetime) -> Iterator[tuple[str, Finding]]:
    """Yield what is wrong, with the name of the file.

    Args:
        patients: the files; what one says is compared with what the others say.
        purpose: "client" or "server": what the leaves are for.
        now: the time, aware of its zone.
    """
    for patient in patients:
        for one in patient.contents.certificates:
            if not readable(one):
                yield patient.name, Finding("D125", f"serial {one.serial_number:x}", "have it issued anew")
    patients = [_legible(patient) for patient in patients]
    certificates = [one for patient in patients for one in patient.contents.certificates]
    lists = [one for patient in patients for one in patient.contents.crls]
    for patient in patients:
        for finding in _one(patient, certificates, lists, purpose, now):
            yield patient.name, finding


def _one(
    patient: Patient,
    certificates: Sequence[x509.Certificate],
    lists: Sequence[x509.CertificateRevocationList],
    purpose: str,
    now: datetime,
) -> Iterator[Finding]:
    authorities = [one for one in certificates if is_authority(one)]
    yield from files.file(patient)
    yield from files.keys(patient, certificates)
    yield from order(patient.contents.certificates)
    for certificate in patient.contents.certificates:
        if is_authority(certificate):
            yield from authority(certificate, now)
        else:
            yield from leaf(certificate, purpose, now)
            yield from chain(certificate, authorities)
        yield from revoked(certificate, lists)
    for one in patient.contents.crls:
        yield from crl(one, authorities, now)


def _legible(patient: Patient) -> Patient:
    """Return a patient without the certificates that nobody can read."""
    whole = tuple(one for one in patient.contents.certificates if readable(one))
    return replace(patient, contents=replace(patient.contents, certificates=whole))
