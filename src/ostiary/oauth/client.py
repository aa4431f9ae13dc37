"""How the gateway proves itself to an issuer that it asks (RFC 6749, section 2.3; RFC 7523; RFC 8705, section 2)."""

from __future__ import annotations

import secrets
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote_plus

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ostiary.config.listeners import ShownCertificateSpec
from ostiary.config.oauth import CertificateClientSpec, ClientAuthSpec, SignedClientSpec
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.model import CredentialSource
from ostiary.pki.certificate import describe
from ostiary.pki.identity import load_identity, use
from ostiary.reasons import Reason

_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFE: Final = 60
_CURVES: Final = {256: "ES256", 384: "ES384", 521: "ES512"}


@dataclass(frozen=True, slots=True)
class Proven:
    """What a request to the issuer carries.

    Attributes:
        headers: to be sent.
        form: to be added to the form.
    """

    headers: Mapping[str, str]
    form: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Around:
    """What clients are compiled from, beside their own block.

    Attributes:
        credentials: where records come from, by alias.
        folder: the folder of the configuration file.
    """

    credentials: Mapping[str, CredentialSource]
    folder: Path


class Client(Protocol):
    """A way in which the gateway proves itself."""

    async def prove(self) -> Proven:
        """Return what to send.

        Raises:
            CredentialUnavailable: the credential cannot be had now.
        """


@dataclass(frozen=True, slots=True)
class BasicClient:
    """client_secret_basic."""

    source: CredentialSource

    async def prove(self) -> Proven:
        """Return id and secret, each form-encoded first (RFC 6749, section 2.3.1)."""
        credential = await self.source.get()
        pair = f"{quote_plus(credential.id)}:{quote_plus(credential.secret.reveal())}"
        return Proven({"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}, {})


@dataclass(frozen=True, slots=True)
class PostClient:
    """client_secret_post."""

    source: CredentialSource

    async def prove(self) -> Proven:
        """Return id and secret as fields of the form."""
        credential = await self.source.get()
        return Proven({}, {"client_id": credential.id, "client_secret": credential.secret.reveal().decode()})


@dataclass(frozen=True, slots=True)
class SignedClient:
    """private_key_jwt: the secret is a private key in PEM.

    Attributes:
        source: id and key.
        audience: the assertion's `aud`.
        kid: the key's id, or None.
        clock: epoch seconds.
    """

    source: CredentialSource
    audience: str
    kid: str | None
    clock: Callable[[], float] = time.time

    async def prove(self) -> Proven:
        """Return a fresh assertion (RFC 7523, section 3)."""
        credential = await self.source.get()
        key = _private_key(credential.secret.reveal(), credential.alias)
        now = int(self.clock())
        claims = {
            "iss": credential.id,
            "sub": credential.id,
            "aud": self.audience,
            "iat": now,
            "exp": now + _LIFE,
            "jti": secrets.token_urlsafe(16),
        }
        headers = {"kid": self.kid} if self.kid else None
        assertion = jwt.encode(claims, key, algorithm=_algorithm(key), headers=headers)
        form = {"client_id": credential.id, "client_assertion_type": _ASSERTION, "client_assertion": assertion}
        return Proven({}, form)


@dataclass(frozen=True, slots=True)
class CertificateClient:
    """tls_client_auth and self_signed_tls_client_auth: the connection proves it, the form says who (RFC 8705, 2).

    Attributes:
        client_id: the name.
        thumbprint: the certificate's (section 3.1): what tokens that are bound to it must say.
    """

    client_id: str
    thumbprint: str

    async def prove(self) -> Proven:
        """Return the name."""
        return Proven({}, {"client_id": self.client_id})


def _private_key(pem: bytes, alias: str) -> Any:
    try:
        return load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        raise CredentialUnavailable(f"{alias} is not a private key", reason=Reason.CREDENTIAL_UNUSABLE) from None


def _algorithm(key: Any) -> str:
    match key:
        case EllipticCurvePrivateKey():
            return _CURVES.get(key.curve.key_size, "ES256")
        case RSAPrivateKey():
            return "RS256"
    return "EdDSA"


def compile_client(spec: ClientAuthSpec, url: str, around: Around, tls: ssl.SSLContext, where: str) -> Client:
    """Return the way that a block of the configuration describes; a certificate is put into `tls`.

    Args:
        spec: the block.
        url: the audience of assertions, where the block does not say it.
        around: credentials, and where files are.
        tls: for connections to the issuer.
        where: the place of the block in the file, for messages.

    Raises:
        ConfigError: a credential is not defined, or the certificate cannot be read.
    """
    value = spec.value
    if isinstance(value, CertificateClientSpec):
        shown = ShownCertificateSpec.model_construct(certificate=value.certificate, private_key=value.private_key)
        try:
            identity = load_identity(shown, around.folder)
            use(identity, tls)
        except ConfigError as error:
            raise ConfigError(f"{where}.certificate: {error}") from error
        return CertificateClient(value.client_id, describe(identity.certificate).thumbprint)
    source = around.credentials.get(value.credential)
    if source is None:
        raise ConfigError(f"{where}: {value.credential}: not defined under `credentials`")
    if isinstance(value, SignedClientSpec):
        return SignedClient(source, value.audience or url, value.kid)
    return BasicClient(source) if spec.kind == "basic" else PostClient(source)
