"""Show the upstream the caller's certificate, as a header that it can read.

The upstream must believe this header from the gateway only; what callers send under its name is stripped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ostiary.config.certificates import CertificateHeaderSpec
from ostiary.inject.write import put
from ostiary.model import Certificate, Outbound, fold
from ostiary.pki.dialect import DIALECTS, Shown, Style

_REMEMBERED: Final = 1024

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class CertificateHeader:
    """Writes the client certificate in one dialect. Without a certificate nothing is written.

    Attributes:
        name, chain_name: its headers; no chain header, or None.
        owns: their folded names.
        style: the dialect.
        chain: whether the authorities are sent as well.
    """

    name: bytes
    chain_name: bytes | None
    owns: frozenset[bytes]
    style: Style
    chain: bool
    _written: dict[str, Fields] = field(default_factory=dict, init=False, repr=False, compare=False)

    async def inject(self, outbound: Outbound) -> None:
        """Write."""
        certificate = outbound.request.peer.certificate
        if certificate is not None:
            for name, value in self._written.get(certificate.thumbprint) or self._write(certificate):
                put(outbound, name, value)

    def _write(self, certificate: Certificate) -> Fields:
        """Return the fields of a certificate, and remember them: the same callers come again."""
        shown = Shown(certificate.der, certificate.chain if self.chain else ())
        fields: Fields = ((self.name, self.style.write(shown)),)
        if self.chain_name is not None and shown.chain:
            fields = (*fields, (self.chain_name, self.style.write_chain(shown)))
        if len(self._written) >= _REMEMBERED:
            del self._written[next(iter(self._written))]  # the oldest
        self._written[certificate.thumbprint] = fields
        return fields


def certificate_header(spec: CertificateHeaderSpec) -> CertificateHeader:
    """Return the injector of a block of the configuration."""
    style = DIALECTS[spec.dialect]
    name = (spec.header or style.header).encode()
    chain_name = None if style.chain_header is None else style.chain_header.encode()
    owns = frozenset(fold(one) for one in (name, chain_name) if one is not None)
    return CertificateHeader(name, chain_name, owns, style, spec.chain)
