"""A version of a key as it stands in the sealed file: text fields, all of them sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ostiary.keys.errors import KeyRefused
from ostiary.keys.material import Material
from ostiary.keys.version import KeyVersion, described
from ostiary.model import Secret
from ostiary.pki.files import pem
from ostiary.pki.keys import PrivateKey, private_pem
from ostiary.sealed import Opened, VersionState
from ostiary.sealed.errors import Misconfigured, Tampered


@dataclass(frozen=True, slots=True)
class KeptKey:
    """One version of a ring in the sealed file.

    Attributes:
        version: what everybody may know of it.
        state: enabled or disabled.
        created: seconds since the epoch.
        private: the key.
    """

    version: KeyVersion
    state: VersionState
    created: int
    private: PrivateKey = field(repr=False)

    @property
    def material(self) -> Material:
        """Key and certificates."""
        return Material(self.private, self.version.certificates)


def fields(material: Material, begins: int, ends: int | None = None) -> dict[str, Secret]:
    """Return the fields of a new version."""
    found = {
        "private": Secret(private_pem(material.private)),
        "certificates": Secret(pem(material.certificates)),
        "not_before": Secret(str(begins)),
    }
    return found if ends is None else found | {"not_after": Secret(str(ends))}


def kept(opened: Opened, wanted: str | None) -> KeptKey:
    """Return the version that was read from the file; `wanted` is the algorithm of the configuration, or None.

    Raises:
        Tampered: the record holds something else.
        Misconfigured: the key cannot sign with that algorithm.
    """
    where = f"{opened.version.path} version {opened.version.number}"
    try:
        private = load_pem_private_key(opened.fields["private"].reveal(), None)
        return _kept(opened, private, wanted)
    except KeyRefused as error:
        problem = Misconfigured(f"{where}: {error}")
    except (KeyError, ValueError, TypeError):
        raise Tampered(f"{where} is not a key") from None
    raise problem


def _kept(opened: Opened, private: object, wanted: str | None) -> KeptKey:
    material = Material(private)  # type: ignore[arg-type]  # `described` looks at its kind
    version = described(
        str(opened.version.number),
        opened.version.number,
        material.public,
        wanted,
        begins=_moment(opened.fields, "not_before") or 0.0,
        ends=_moment(opened.fields, "not_after"),
        enabled=opened.version.state is VersionState.ENABLED,
    )
    version = replace(version, certificates=_certificates(opened.fields["certificates"].reveal()))
    return KeptKey(version, opened.version.state, opened.version.created, material.private)


def _moment(found: Mapping[str, Secret], name: str) -> float | None:
    return float(found[name].reveal()) if name in found else None


def _certificates(data: bytes) -> tuple[x509.Certificate, ...]:
    return tuple(x509.load_pem_x509_certificates(data)) if data else ()
