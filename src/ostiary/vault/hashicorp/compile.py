"""From what the file says to a server that knows us."""

from __future__ import annotations

import re
import ssl
from functools import partial
from pathlib import Path

from ostiary.config.secrets import resolve
from ostiary.config.values import SecretRef
from ostiary.config.vaults import (
    AppRoleSpec,
    CertificateLoginSpec,
    HashicorpVaultSpec,
    JwtLoginSpec,
    KubernetesLoginSpec,
)
from ostiary.errors import ConfigError
from ostiary.pki.server_trust import server_trust
from ostiary.vault.hashicorp.api import Api
from ostiary.vault.hashicorp.client import Client
from ostiary.vault.hashicorp.login import AppRole, CertificateLogin, GivenToken, JwtLogin, Login, Method, Plain, Read
from ostiary.vault.hashicorp.path import encoded
from ostiary.vault.hashicorp.provider import HashicorpProvider
from ostiary.vault.hashicorp.session import Session
from ostiary.vault.hashicorp.wrapped import Wrapped

MethodSpec = AppRoleSpec | JwtLoginSpec | KubernetesLoginSpec | CertificateLoginSpec


def compile_hashicorp(spec: HashicorpVaultSpec, folder: Path) -> HashicorpProvider:
    """Make the provider of a HashiCorp vault.

    Raises:
        ConfigError: a secret or a certificate is not there, or a name cannot be used.
    """
    way: MethodSpec | SecretRef = spec.auth.value
    tls = server_trust(spec.authorities, folder, "authorities")
    if isinstance(way, CertificateLoginSpec):
        _show(way, tls, folder)
    api = Api((spec.address, *spec.also), _namespace(spec.namespace), spec.timeout, tls)
    login = GivenToken(_reader(way, folder)) if isinstance(way, SecretRef) else _login(way, folder)
    return HashicorpProvider(Client(api, Session(api, login)), spec.mount)


def _login(way: MethodSpec, folder: Path) -> Login:
    encoded(way.mount)
    method = Method(way.mount, _namespace(way.namespace))
    match way:
        case AppRoleSpec():
            secret = _reader(way.secret_id, folder)
            return AppRole(
                method, _reader(way.role_id, folder), Wrapped(secret, method) if way.wrapped else Plain(secret)
            )
        case JwtLoginSpec() | KubernetesLoginSpec():
            return JwtLogin(method, way.role, _reader(way.token, folder))
        case CertificateLoginSpec():
            return CertificateLogin(method, way.role)


def _namespace(name: str | None) -> str | None:
    if name is not None and not re.fullmatch(r"[!-~]+", name):
        raise ConfigError(f"namespace {name!r}: only visible ASCII")
    return name


def _reader(reference: SecretRef, folder: Path) -> Read:
    resolve(reference, folder)  # what is not there stops the start
    return partial(resolve, reference, folder)


def _show(way: CertificateLoginSpec, context: ssl.SSLContext, folder: Path) -> None:
    try:
        context.load_cert_chain(way.certificate.below(folder), way.private_key.below(folder), password="")
    except OSError as error:
        problem = error.strerror if not isinstance(error, ssl.SSLError) else "no certificate with its key in PEM"
        raise ConfigError(f"{way.certificate} and {way.private_key}: {problem}") from error
