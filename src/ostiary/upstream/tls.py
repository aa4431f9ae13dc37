"""How the upstream proves itself, always; and the gateway, to upstreams that ask: TLS."""

from __future__ import annotations

import ssl
from pathlib import Path

from ostiary.config.schema import UpstreamTlsSpec
from ostiary.errors import ConfigError
from ostiary.pki.identity import load_identity, use


def client_context(spec: UpstreamTlsSpec, folder: Path, where: str) -> ssl.SSLContext:
    """Return the context for connections to an upstream.

    Raises:
        ConfigError: a file of authorities cannot be read, or holds none; or our own certificate cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies chain and name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if not spec.trusted:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    for file in spec.trusted:
        try:
            context.load_verify_locations(cafile=file.below(folder))
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"{where} > tls > trusted: {file} holds no certificates: {error}") from error
    if spec.client is not None:
        try:
            use(load_identity(spec.client, folder), context)
        except ConfigError as error:
            raise ConfigError(f"{where} > tls > client: {error}") from error
    return context
