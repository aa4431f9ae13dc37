"""Authenticate by an API key.

A key is long and random, so a plain digest of it tells nothing, and comparing digests in constant time tells
nothing either. A record holds one digest, or two while one key takes over from another.

    sha256:<base64url of SHA-256, without padding>
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from ostiary.authn.bearer import ALL_BEARER, CHALLENGE, looks_signed, take_token
from ostiary.config.evidence import ApiKeySpec
from ostiary.errors import ConfigError, CredentialUnavailable, InvalidKey
from ostiary.jwks.encoding import unpadded
from ostiary.model import Credential, CredentialSource, Principal, Request, fold
from ostiary.reasons import Reason

METHOD: Final = "api_key"
_DIGEST: Final = re.compile(r"sha256:[A-Za-z0-9_-]{43}")
_LARGEST: Final = 1024


def new_key() -> tuple[str, str]:
    """Return a new key of 256 bits, and the digest that its record holds."""
    key = secrets.token_urlsafe(32)
    return key, digest_of(key.encode())


def digest_of(key: bytes) -> str:
    """Return what a record holds of a key."""
    return f"sha256:{unpadded(hashlib.sha256(key).digest())}"


class ApiKeyAuthenticator:
    """Looks a key up among those that were handed out.

    Args:
        sources: one record for each caller.
        header: where keys stand.
        subject: the principal of all of them, or None for each record's id.
        shared: whether another authenticator judges bearer tokens that look like signed ones.
    """

    method = METHOD

    def __init__(
        self, sources: Sequence[CredentialSource], header: bytes, subject: str | None = None, *, shared: bool = False
    ) -> None:
        self._sources = tuple(sources)
        self._header = fold(header)
        self._subject = subject
        self._bearer = self._header == b"authorization"
        self._shared = shared
        self._digests: dict[str, tuple[Credential, tuple[bytes, ...], Principal]] = {}
        self.headers = frozenset((self._header,))
        self.challenge = CHALLENGE if self._bearer else None
        own = (f"the header {self._header.decode()}",)
        self.evidence = frozenset((ALL_BEARER[1:] if shared else ALL_BEARER) if self._bearer else own)

    async def authenticate(self, request: Request) -> Principal | None:
        """Return whose key it is, or None when there is none.

        Raises:
            BadRequest: the header is repeated.
            InvalidKey: there is a key, and it is nobody's.
            CredentialUnavailable: there is a key, and it cannot be known now whose it is.
        """
        key = take_token(request.headers) if self._bearer else request.headers.only(self._header)
        if key is None or (self._shared and looks_signed(key)):
            return None
        if not key or len(key) > _LARGEST:
            raise InvalidKey(f"the key has {len(key)} octets")
        return await self._owner(digest_of(key).encode())

    async def _owner(self, digest: bytes) -> Principal:
        """Compare with every digest, whichever fits: how long it takes says nothing of the key."""
        found: Principal | None = None
        unsure: CredentialUnavailable | None = None
        for source in self._sources:
            try:
                digests, principal = self._of(await source.get())
            except CredentialUnavailable as error:
                unsure = error
                continue
            for one in digests:
                if hmac.compare_digest(one, digest):
                    found = principal
        if found is None:
            raise unsure or InvalidKey("the key is nobody's")
        return found

    def _of(self, credential: Credential) -> tuple[tuple[bytes, ...], Principal]:
        """Return the digests of a record, read once for each version."""
        entry = self._digests.get(credential.alias)
        if entry is None or entry[0] is not credential:
            subject = self._subject or credential.id or credential.alias
            principal = Principal(subject=subject, issuer=credential.alias, method=METHOD)
            entry = self._digests[credential.alias] = (credential, _digests(credential), principal)
        return entry[1], entry[2]


def _digests(credential: Credential) -> tuple[bytes, ...]:
    """Return the digests in a record.

    Raises:
        CredentialUnavailable: it holds something else: perhaps the key itself, which must not be kept.
    """
    words = credential.secret.reveal().decode("utf-8", "replace").split()
    if not words or not all(_DIGEST.fullmatch(word) for word in words):
        raise CredentialUnavailable(f"{credential.alias} holds no digest", reason=Reason.CREDENTIAL_UNUSABLE)
    return tuple(word.encode() for word in words)


def compile_api_key(
    spec: ApiKeySpec, credentials: Mapping[str, CredentialSource], *, shared: bool = False
) -> ApiKeyAuthenticator:
    """Return the authenticator that a block of the configuration describes.

    Raises:
        ConfigError: a credential is not defined.
    """
    return ApiKeyAuthenticator(
        sources_of(spec.keys, credentials, "api_key.keys"), spec.header.encode(), spec.subject, shared=shared
    )


def sources_of(
    aliases: Sequence[str], credentials: Mapping[str, CredentialSource], where: str
) -> list[CredentialSource]:
    """Return the records of some aliases.

    Raises:
        ConfigError: one is not defined.
    """
    unknown = [alias for alias in aliases if alias not in credentials]
    if unknown:
        raise ConfigError(f"{where}: {', '.join(unknown)}: not defined under `credentials`")
    return [credentials[alias] for alias in dict.fromkeys(aliases)]
