"""Whom a server that we ask is verified by: the authorities of the configuration, or the system's."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Sequence
from pathlib import Path

from ostiary.config.values import FileRef
from ostiary.errors import ConfigError


def server_trust(authorities: Sequence[FileRef], folder: Path, where: str) -> ssl.SSLContext:
    """Return a context that verifies chain and name (RFC 9525), from TLS 1.2 on.

    Args:
        authorities: files of certificates; none: whom the system trusts.
        folder: the folder of the configuration file.
        where: what the file calls them, for messages.

    Raises:
        ConfigError: the authorities cannot be read.
    """
    if not authorities:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    trust(context, authorities, folder, where)
    return context


def trust(context: ssl.SSLContext, authorities: Iterable[FileRef], folder: Path, where: str) -> None:
    """Trust authorities, and whatever the context trusts already: see `server_trust`.

    Raises:
        ConfigError: the authorities cannot be read.
    """
    for reference in authorities:
        try:
            context.load_verify_locations(cafile=reference.below(folder))
        except OSError as error:  # ssl.SSLError is one: no certificate in the file
            raise ConfigError(f"{where}: {reference}: {error.strerror or 'no certificate in it'}") from error
