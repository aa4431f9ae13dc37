"""How a file lies there, and whether all of it belongs together."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ostiary.pki.diagnosis.finding import Finding, Patient, called, is_authority


def file(patient: Patient) -> Iterator[Finding]:
    """Look at one file."""
    contents, name = patient.contents, patient.name
    for label in contents.broken:
        yield Finding("D505", label, f"copy {name} anew")
    if contents.form == "DER" and (contents.certificates or contents.keys):
        kind = "x509" if contents.certificates else "pkey"
        yield Finding("D506", "", f"openssl {kind} -inform der -in {name} -out {name}.pem")
    if contents.form == "JKS":
        remedy = f"keytool -importkeystore -srckeystore {name} -destkeystore {name}.p12 -deststoretype PKCS12"
        yield Finding("D504", "", remedy)
    if contents.form in ("PKCS#12", "JKS"):
        yield from _store(patient)
    if contents.locked:
        yield Finding("D303", "", f"ostiary doctor {name} --password env:NAME")
    if (contents.keys or contents.locked) and patient.mode is not None and patient.mode & 0o077:
        yield Finding("D302", "", f"chmod 600 {name}", f"mode {stat.S_IMODE(patient.mode):04o}")


def _store(patient: Patient) -> Iterator[Finding]:
    contents = patient.contents
    leaf = next((one for one in contents.certificates if not is_authority(one)), None)
    if leaf is None or not (contents.keys or contents.locked):
        remedy = "openssl pkcs12 -export -in LEAF.crt -inkey LEAF.key -certfile CHAIN.pem -out STORE.p12"
        yield Finding("D502", "", remedy)
    elif len(contents.certificates) == 1 and leaf.issuer != leaf.subject:
        issuer = leaf.issuer.rfc4514_string()
        yield Finding(
            "D503",
            called(leaf),
            "openssl pkcs12 -export -in LEAF.crt -inkey LEAF.key -certfile CHAIN.pem -out STORE.p12",
            f"unless {issuer} is the root itself",
        )


def keys(patient: Patient, certificates: Sequence[x509.Certificate]) -> Iterator[Finding]:
    """Look whose the private keys of a file are, among all certificates."""
    for key in patient.contents.keys:
        owners = [one for one in certificates if _octets(one.public_key()) == _octets(key.public_key())]
        if not owners:
            leaves = [one for one in certificates if not is_authority(one)]
            about = ", ".join(called(one) for one in leaves)
            remedy = "find its key: `ostiary certs inspect` shows the same spki for both"
            yield Finding("D301" if leaves else "D305", about, remedy if leaves else "")
        elif patient.public and any(is_authority(one) for one in owners):
            yield Finding("D304", called(owners[0]), f"move {patient.name} to a folder of its own, mode 0700")


def _octets(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
