"""A certificate that a vault makes, as the gateway shows it in TLS: this one, and the next in its time.

A context is told in place: handshakes from then on show the new certificate, and connections that live go on.
"""

from __future__ import annotations

import ssl

import structlog

from ostiary.pki.references import as_path
from ostiary.vault.identity import MadeIdentity, VaultIdentity

log = structlog.get_logger("ostiary.vault")


class ShownIdentity:
    """What a vault's identity is in TLS.

    Args:
        identity: where certificates come from.
    """

    def __init__(self, identity: VaultIdentity) -> None:
        self._alias = identity.alias
        self._contexts: list[ssl.SSLContext] = []
        identity.subscribe(self._changed)

    def into(self, context: ssl.SSLContext) -> None:
        """Show it in the handshakes of a context, once the vault has made it."""
        self._contexts.append(context)

    def _changed(self, made: MadeIdentity) -> None:
        """Take up the next one. One that OpenSSL does not want leaves the one before in its place."""
        try:
            with as_path(made.certificate + b"\n" + made.key.reveal()) as path:
                for context in self._contexts:
                    context.load_cert_chain(path)
        except ssl.SSLError as error:
            log.error("certificate not taken up", credential=self._alias, version=made.version, problem=error.reason)  # noqa: TRY400 - nothing of ours
        else:
            log.info("certificate in use", credential=self._alias, version=made.version)
