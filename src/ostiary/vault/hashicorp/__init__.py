"""HashiCorp Vault, and OpenBao, which speaks the same API: KV version 2.

path.py     addresses, encoded             login.py    AppRole, a given token
api.py      one question, one answer       session.py  the life of our token
judge.py    what an answer means           client.py   somebody who is logged in
                                           provider.py the vault as the gateway sees it
"""

from __future__ import annotations

import re
import ssl
from functools import partial
from pathlib import Path

from ostiary.config.secrets import resolve
from ostiary.config.values import FileRef, SecretRef
from ostiary.config.vaults import AppRoleSpec, HashicorpVaultSpec
from ostiary.errors import ConfigError
from ostiary.vault.hashicorp.api import Api
from ostiary.vault.hashicorp.client import Client
from ostiary.vault.hashicorp.login import AppRole, GivenToken, Login, Read
from ostiary.vault.hashicorp.path import encoded
from ostiary.vault.hashicorp.provider import HashicorpProvider
from ostiary.vault.hashicorp.session import Session

__all__ = ["compile_hashicorp"]


def compile_hashicorp(spec: HashicorpVaultSpec, folder: Path) -> HashicorpProvider:
    """Make the provider of a HashiCorp vault.

    Raises:
        ConfigError: a secret or a certificate is not there, or a name cannot be used.
    """
    encoded(spec.mount)
    if spec.namespace is not None and not re.fullmatch(r"[!-~]+", spec.namespace):
        raise ConfigError(f"namespace {spec.namespace!r}: only visible ASCII")
    api = Api(spec.address, spec.namespace, spec.timeout, _tls(spec.authorities, folder))
    return HashicorpProvider(Client(api, Session(api, _login(spec, folder))), spec.mount)


def _login(spec: HashicorpVaultSpec, folder: Path) -> Login:
    way: AppRoleSpec | SecretRef = spec.auth.value
    if isinstance(way, SecretRef):
        return GivenToken(_reader(way, folder))
    encoded(way.mount)
    return AppRole(way.mount, _reader(way.role_id, folder), _reader(way.secret_id, folder))


def _reader(reference: SecretRef, folder: Path) -> Read:
    resolve(reference, folder)  # what is not there stops the start
    return partial(resolve, reference, folder)


def _tls(authorities: tuple[FileRef, ...], folder: Path) -> ssl.SSLContext:
    if not authorities:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for reference in authorities:
        try:
            context.load_verify_locations(cafile=reference.below(folder))
        except OSError as error:  # ssl.SSLError is one: no certificate in the file
            raise ConfigError(f"{reference}: {error.strerror or 'no certificate in it'}") from error
    return context
