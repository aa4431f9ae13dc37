"""The links of a chain: each certificate below the trust anchor, with the one that issued it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from cachetools import LRUCache
from cryptography import x509

from ostiary.listener.revoked import Signer, signer
from ostiary.model import Certificate

_REMEMBERED: Final = 20 * 1024


@dataclass(frozen=True, slots=True)
class Link:
    """A certificate of a chain, and who issued it.

    Attributes:
        key: SHA-256 of the certificate.
        certificate: what may be revoked.
        issuer: who may say so; None when the chain is not known.
        signer: the same, as a name and a key.
    """

    key: bytes
    certificate: x509.Certificate = field(repr=False)
    issuer: x509.Certificate | None = field(repr=False)
    signer: Signer | None = field(repr=False)

    @property
    def named(self) -> str:
        """How it is called in sentences for the operator."""
        return f"serial {self.certificate.serial_number:x}"


@dataclass(frozen=True, slots=True)
class Links:
    """Takes chains apart, once each.

    Attributes:
        leaf_only: whether the authorities between are left out.
    """

    leaf_only: bool = False
    _known: LRUCache[str, tuple[tuple[bytes, ...], tuple[Link, ...]]] = field(
        default_factory=lambda: LRUCache(_REMEMBERED), init=False, repr=False
    )

    def of(self, certificate: Certificate) -> tuple[Link, ...]:
        """Return the links of a client's certificate, its own first. There is always that one."""
        known = self._known.get(certificate.thumbprint)
        if known is None or known[0] is not certificate.chain:
            known = self._known[certificate.thumbprint] = (certificate.chain, self._apart(certificate))
        return known[1]

    def _apart(self, certificate: Certificate) -> tuple[Link, ...]:
        ders = (certificate.der, *certificate.chain)[: 2 if self.leaf_only else None]
        chain = [x509.load_der_x509_certificate(der) for der in ders]
        if len(chain) == 1:
            return (Link(_key(ders[0]), chain[0], None, None),)
        pairs = zip(ders, pairwise(chain), strict=False)
        return tuple(Link(_key(der), below, above, signer(above)) for der, (below, above) in pairs)


def _key(der: bytes) -> bytes:
    return hashlib.sha256(der).digest()
