"""How the upstream proves itself, always; and the gateway, to upstreams that ask: TLS."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ostiary.config.schema import UpstreamTlsSpec
from ostiary.errors import ConfigError
from ostiary.pki.identity import issued, load_identity, use
from ostiary.pki.server_trust import trust


class Showing(Protocol):
    """A key and its certificate, which may become another one while we run."""

    def into(self, context: ssl.SSLContext) -> None:
        """Show it in the handshakes of a context, from the start on."""


def client_context(
    spec: UpstreamTlsSpec,
    folder: Path,
    where: str,
    shown: Mapping[str, Showing] | None = None,
    protocol: str = "http/1.1",
) -> ssl.SSLContext:
    """Return the context for connections to an upstream.

    Args:
        spec: `upstreams.NAME.tls`.
        folder: the folder of the configuration file.
        where: the upstream, for messages.
        shown: keys by name, and credentials as `issued` names them; None when nothing will be sent.
        protocol: the one that is offered (RFC 7301).

    Raises:
        ConfigError: a file of authorities cannot be read, or holds none; or our own certificate cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies chain and name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([protocol])
    if not spec.trusted:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # what stands there is trusted itself, authority or not
    trust(context, spec.trusted, folder, f"{where} > tls > trusted")
    if spec.client is not None:
        try:
            use(load_identity(spec.client, folder), context)
        except ConfigError as error:
            raise ConfigError(f"{where} > tls > client: {error}") from error
    if shown is not None:
        _show(spec, context, shown, where)
    return context


def _show(spec: UpstreamTlsSpec, context: ssl.SSLContext, shown: Mapping[str, Showing], where: str) -> None:
    """Show a key's certificate, or one that a vault issues."""
    name = spec.identity or (spec.credential and issued(spec.credential))
    if name and name not in shown:
        raise ConfigError(f"{where} > tls: {name!r} is nothing that can be shown")
    if name:
        shown[name].into(context)
