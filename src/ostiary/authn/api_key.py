"""Authenticate by an API key.

A key is long and random, so a plain digest of it tells nothing, and comparing digests in constant time tells
nothing either. A record holds one digest, or two while one key takes over from another.

    sha256:<base64url of SHA-256, without padding>

How a key is written in Authorization is in `key_form.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from ostiary.authn.bearer import ALL_BEARER, CHALLENGE, looks_signed
from ostiary.authn.key_form import Form, take_key
from ostiary.config.evidence import ApiKeySpec
from ostiary.errors import ConfigError, CredentialUnavailable, InvalidKey
from ostiary.jwks.encoding import unpadded
from ostiary.model import Credential, CredentialSource, Principal, Request, fold
from ostiary.reasons import Reason

METHOD: Final = "api_key"
_DIGEST: Final = re.compile(r"sha256:[A-Za-z0-9_-]{43}")
_LARGEST: Final = 1024
_CHALLENGES: Final[dict[Form, str]] = {"bearer": CHALLENGE, "basic": 'Basic realm="ostiary"'}


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
        forms: how a key is written in Authorization.
    """

    method = METHOD

    def __init__(
        self,
        sources: Sequence[CredentialSource],
        header: bytes,
        subject: str | None = None,
        *,
        shared: bool = False,
        forms: Sequence[Form] = ("bearer",),
    ) -> None:
        self._sources = tuple(sources)
        self._header = fold(header)
        self._subject = subject
        self._forms = frozenset(forms) if self._header == b"authorization" else frozenset[Form]()
        self._shared = shared
        self._digests: dict[str, tuple[Credential, tuple[bytes, ...], Principal]] = {}
        self.headers = frozenset((self._header,))
        self.challenges = tuple(_CHALLENGES[form] for form in ("bearer", "basic") if form in self._forms)
        self.challenge = next(iter(self.challenges), None)
        self.evidence = self._judged()

    def _judged(self) -> frozenset[str]:
        if not self._forms:
            return frozenset((f"the header {self._header.decode()}",))
        bearer = ALL_BEARER[1:] if self._shared else ALL_BEARER
        kinds: dict[Form, tuple[str, ...]] = {
            "bearer": bearer, "basic": ("a password",), "bare": ("a key without a scheme",),
        }  # fmt: skip
        return frozenset(kind for form in self._forms for kind in kinds[form])

    async def authenticate(self, request: Request) -> Principal | None:
        """Return whose key it is, or None when there is none.

        Raises:
            BadRequest: the header is repeated.
            InvalidToken: the scheme is Bearer, and no single key follows.
            InvalidKey: there is a key, and it is nobody's.
            CredentialUnavailable: there is a key, and it cannot be known now whose it is.
        """
        key = self._shown(request)
        if key is None:
            return None
        if not key or len(key) > _LARGEST:
            raise InvalidKey(f"the key has {len(key)} octets")
        return await self._owner(digest_of(key).encode())

    def _shown(self, request: Request) -> bytes | None:
        """Return the key, or None when there is none; a signed token is another's where there is another."""
        if not self._forms:
            return request.headers.only(self._header)
        found = take_key(request.headers, self._forms)
        if found is None or (self._shared and found[0] == "bearer" and looks_signed(found[1])):
            return None
        return found[1]

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
        sources_of(spec.keys, credentials, "api_key.keys"),
        spec.header.encode(),
        spec.subject,
        shared=shared,
        forms=spec.written,
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
