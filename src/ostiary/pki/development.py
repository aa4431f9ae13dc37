"""One folder with everything to try the gateway out.

A root, a server for this machine, a client the examples let in, and `mallory`, whom the same root has
certified and whom the examples keep out. The root's key is thrown away at once: nothing more can ever
be issued in its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ostiary.pki.authority import Authority, utc_now
from ostiary.pki.extensions import host_names
from ostiary.pki.files import write_certificates, write_crl, write_identity

THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")
CLIENT_URI: Final = "spiffe://example.com/bank/client"
MALLORY_URI: Final = "spiffe://example.com/elsewhere/mallory"

_DAYS: Final = 90
_REUSED_FOR_AT_LEAST: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DevelopmentPki:
    """Where everything lies."""

    ca: Path
    crl: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path
    mallory: Path
    mallory_key: Path

    @classmethod
    def below(cls, folder: Path) -> DevelopmentPki:
        """Return the paths in a folder."""
        names = ("ca.pem", "ca.crl", "server.pem", "server.key", "client.pem", "client.key")
        return cls(*(folder / name for name in (*names, "mallory.pem", "mallory.key")))

    @property
    def identities(self) -> tuple[tuple[Path, Path], ...]:
        """The pairs of certificate and key."""
        return (
            (self.server, self.server_key),
            (self.client, self.client_key),
            (self.mallory, self.mallory_key),
        )


def write_development_pki(
    folder: Path, *, names: Sequence[str] = THIS_MACHINE, now: datetime | None = None
) -> DevelopmentPki:
    """Return a folder's development PKI, made anew unless all of it is there and valid for another day.

    Args:
        folder: where it lies; made if need be, for the owner only.
        names: host names and addresses of the server.
        now: the time, aware of its zone; the clock's by default.

    Raises:
        OSError: the folder cannot be written.
    """
    moment = now or utc_now()
    paths = DevelopmentPki.below(folder)
    if not _usable(paths, names, moment + _REUSED_FOR_AT_LEAST):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(paths, names, moment)
    return paths


def _write(paths: DevelopmentPki, names: Sequence[str], now: datetime) -> None:
    authority = Authority.create(days=_DAYS, path_length=0, clock=lambda: now)
    write_identity(paths.server, paths.server_key, authority.issue_server(*names, days=_DAYS))
    client = authority.issue_client(cn="client", uris=[CLIENT_URI], days=_DAYS)
    write_identity(paths.client, paths.client_key, client)
    mallory = authority.issue_client(cn="mallory", uris=[MALLORY_URI], days=_DAYS)
    write_identity(paths.mallory, paths.mallory_key, mallory)
    write_crl(paths.crl, authority.crl(days=_DAYS))
    write_certificates(paths.ca, [authority.certificate])


def _usable(paths: DevelopmentPki, names: Sequence[str], until: datetime) -> bool:
    """Whether all files are there, belong together and stay valid; whatever cannot be read is not usable."""
    try:
        root = x509.load_pem_x509_certificate(paths.ca.read_bytes())
        crl = x509.load_pem_x509_crl(paths.crl.read_bytes())
        leaves = [_matching(root, *pair) for pair in paths.identities]
        signed = crl.is_signature_valid(_signer(root))
        alternative = leaves[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    ends = [certificate.not_valid_after_utc for certificate in (root, *leaves)]
    due = crl.next_update_utc
    current = due is not None and min(*ends, due) > until
    return signed and current and set(host_names(names)) <= set(alternative)


def _signer(root: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = root.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("this root was not made here")
    return key


def _matching(root: x509.Certificate, certificate: Path, key: Path) -> x509.Certificate:
    """Return a certificate that the root has signed and whose key lies beside it."""
    leaf = x509.load_pem_x509_certificate(certificate.read_bytes())
    leaf.verify_directly_issued_by(root)
    if load_pem_private_key(key.read_bytes(), None).public_key() != leaf.public_key():
        raise ValueError("the key belongs to another certificate")
    return leaf
