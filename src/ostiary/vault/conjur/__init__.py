"""CyberArk Conjur.

session.py   who we are: a token of some minutes, for an API key or somebody else's token
provider.py  variables as records
"""

from __future__ import annotations

from pathlib import Path

from ostiary.config.secrets import resolve
from ostiary.config.vaults.cyberark import ConjurJwtSpec, ConjurVaultSpec
from ostiary.vault.conjur.provider import ConjurProvider
from ostiary.vault.conjur.session import ByJwt, ByKey, Login, Session
from ostiary.vault.web import Web, tls_of

__all__ = ["compile_conjur"]


def compile_conjur(spec: ConjurVaultSpec, folder: Path) -> ConjurProvider:
    """Make the provider of a Conjur server.

    Raises:
        ConfigError: a secret or a certificate is not there, or not usable.
    """
    web = Web(spec.timeout, tls_of(spec, folder, spec.address))
    address = spec.address.rstrip("/")
    return ConjurProvider(spec, web, Session(web, address, _login(spec, folder), spec.token_lasts))


def _login(spec: ConjurVaultSpec, folder: Path) -> Login:
    way = spec.auth.value
    reference = way.token if isinstance(way, ConjurJwtSpec) else way.api_key
    resolve(reference, folder)  # what is not there stops the start
    if isinstance(way, ConjurJwtSpec):
        return ByJwt(spec.account, way.service, way.host, lambda: resolve(reference, folder))
    return ByKey(spec.account, way.login, lambda: resolve(reference, folder))
