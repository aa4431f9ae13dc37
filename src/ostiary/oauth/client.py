"""How the gateway proves itself to an issuer that it asks (RFC 6749, section 2.3; RFC 7523; RFC 8705, section 2)."""

from __future__ import annotations

import secrets
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
from ostiary.keys.jose import compact
from ostiary.model import NOTHING, CredentialSource, KeySource
from ostiary.pki.certificate import describe
from ostiary.pki.identity import issued, load_identity, use
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

    headers: Mapping[str, str] = field(repr=False)
    form: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Around:
    """What clients are compiled from, beside their own block.

    Attributes:
        credentials: where records come from, by alias.
        folder: the folder of the configuration file.
        keys: what signs, by alias.
        shown: certificates that may be shown: those of keys by their names, those of vaults as `issued` names them;
            None when nothing will be sent.
    """

    credentials: Mapping[str, CredentialSource]
    folder: Path
    keys: Mapping[str, KeySource] = field(default_factory=lambda: NOTHING)
    shown: Mapping[str, Showing] | None = None


class Showing(Protocol):
    """A key and its certificate, which may become another one while we run."""

    def into(self, context: ssl.SSLContext) -> None:
        """Show it in the handshakes of a context, from the start on."""


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
        claims = _claims(credential.id, self.audience, int(self.clock()))
        headers = {"kid": self.kid} if self.kid else None
        assertion = jwt.encode(claims, key, algorithm=_algorithm(key), headers=headers)
        return _asserted(credential.id, assertion)


@dataclass(frozen=True, slots=True)
class RingClient:
    """private_key_jwt, with a key of ours: whoever keeps it signs, and it is rotated like any other.

    Attributes:
        keys: where the key that signs now comes from.
        client_id: the gateway's name at the issuer.
        audience: the assertion's `aud`.
        clock: epoch seconds.
    """

    keys: KeySource
    client_id: str
    audience: str
    clock: Callable[[], float] = time.time

    async def prove(self) -> Proven:
        """Return a fresh assertion (RFC 7523, section 3)."""
        claims = _claims(self.client_id, self.audience, int(self.clock()))
        return _asserted(self.client_id, await compact(await self.keys.get(), claims))


def _claims(client_id: str, audience: str, now: int) -> dict[str, str | int]:
    return {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": now,
        "exp": now + _LIFE,
        "jti": secrets.token_urlsafe(16),
    }


def _asserted(client_id: str, assertion: str) -> Proven:
    form = {"client_id": client_id, "client_assertion_type": _ASSERTION, "client_assertion": assertion}
    return Proven({}, form)


@dataclass(frozen=True, slots=True)
class CertificateClient:
    """tls_client_auth and self_signed_tls_client_auth: the connection proves it, the form says who (RFC 8705, 2).

    Attributes:
        client_id: the name.
        thumbprint: the certificate's (section 3.1): what tokens that are bound to it must say; None of one that
            may become another.
    """

    client_id: str
    thumbprint: str | None

    async def prove(self) -> Proven:
        """Return the name."""
        return Proven({}, {"client_id": self.client_id})


def of_caller(client: Client, source: CredentialSource) -> Client:
    """Return the same way of proving, with a caller's own id and secret.

    Raises:
        ConfigError: the client proves itself by something that is no caller's.
    """
    if isinstance(client, BasicClient | PostClient | SignedClient):
        return replace(client, source=source)
    raise ConfigError("a client that proves itself by a key or a certificate is the same for all callers")


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
        return _with_certificate(value, around, tls, f"{where}.certificate")
    if isinstance(value, SignedClientSpec) and value.key is not None:
        if value.key not in around.keys:
            raise ConfigError(f"{where}: {value.key}: not defined under `keys`")
        return RingClient(around.keys[value.key], value.client_id or "", value.audience or url)
    source = around.credentials.get(value.credential)
    if source is None:
        raise ConfigError(f"{where}: {value.credential}: not defined under `credentials`")
    if isinstance(value, SignedClientSpec):
        return SignedClient(source, value.audience or url, value.kid)
    return BasicClient(source) if spec.kind == "basic" else PostClient(source)


def _with_certificate(spec: CertificateClientSpec, around: Around, tls: ssl.SSLContext, where: str) -> Client:
    """Return a client with its certificate in `tls`: from files, or whatever a key or a vault has at the time."""
    name = spec.identity or (spec.credential and issued(spec.credential))
    if name:
        if around.shown is not None and name not in around.shown:
            raise ConfigError(f"{where}: {name!r} is nothing that can be shown")
        if around.shown is not None:
            around.shown[name].into(tls)
        return CertificateClient(spec.client_id, None)
    shown = ShownCertificateSpec.model_construct(certificate=spec.certificate, private_key=spec.private_key)
    try:
        identity = load_identity(shown, around.folder)
        use(identity, tls)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    return CertificateClient(spec.client_id, describe(identity.certificate).thumbprint)
