"""A custom service: any server that gives a credential over HTTP, in JSON.

template.py  what is sent: texts with names in braces
answer.py    what an answer means
provider.py  the service as the gateway sees it
"""

from __future__ import annotations

from pathlib import Path

from ostiary.config.vaults import HttpVaultSpec
from ostiary.vault.http.provider import HttpProvider
from ostiary.vault.web import Web, tls_of

__all__ = ["compile_http"]


def compile_http(spec: HttpVaultSpec, folder: Path) -> HttpProvider:
    """Make the provider of a custom service.

    Raises:
        ConfigError: a certificate is not there, or not usable.
    """
    return HttpProvider(spec, Web(spec.timeout, tls_of(spec, folder, spec.url), spec.largest))
