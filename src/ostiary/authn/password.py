"""Authenticate by user name and password (RFC 7617), for callers that know nothing better.

Passwords are short, so what is kept of them is slow to compute: Argon2id (RFC 9106). It is computed beside the
requests of others, by few at a time, and what was right is remembered for a while. An unknown user costs what a
known one does.
"""

from __future__ import annotations

import asyncio
import binascii
import hmac
import os
import secrets
import time
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from cachetools import TTLCache
from cryptography.exceptions import InvalidKey as WrongPassword
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from ostiary.authn.api_key import sources_of
from ostiary.config.evidence import PasswordSpec
from ostiary.errors import CredentialUnavailable, InvalidPassword, Overloaded
from ostiary.model import Credential, CredentialSource, Principal, Request
from ostiary.reasons import Reason

METHOD: Final = "basic"
_LARGEST: Final = 1024
_REMEMBERED: Final = 4096
_FOR: Final = 300.0
"""Seconds for which a password that was right need not be computed again."""
_AT_A_TIME: Final = 2
_WAITING: Final = 64
_ITERATIONS, _LANES, _MEMORY = 3, 4, 64 << 10  # RFC 9106, section 4: the second recommended choice; KiB


def hash_of(password: bytes) -> str:
    """Return what a user's record holds of a password, in the form that other programs read, too ($argon2id$...)."""
    kdf = Argon2id(salt=os.urandom(16), length=32, iterations=_ITERATIONS, lanes=_LANES, memory_cost=_MEMORY)
    return kdf.derive_phc_encoded(password)


def is_right(password: bytes, encoded: str) -> bool:
    """Whether a password is the one that was hashed; takes its time."""
    try:
        Argon2id.verify_phc_encoded(password, encoded)
    except (WrongPassword, ValueError):
        return False
    return True


class PasswordAuthenticator:
    """Asks user records whether a password is theirs.

    Args:
        sources: one record for each user.
        realm: what a browser shows.
        clock: seconds, monotonic.
    """

    method = METHOD
    evidence = frozenset(("a password",))
    headers = frozenset((b"authorization",))

    def __init__(
        self, sources: Sequence[CredentialSource], realm: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sources = tuple(sources)
        quoted = realm.replace("\\", "\\\\").replace('"', '\\"')
        self.challenge = f'Basic realm="{quoted}", charset="UTF-8"'
        self._salt = secrets.token_bytes(32)
        self._right: TTLCache[bytes, tuple[Credential, Principal]] = TTLCache(_REMEMBERED, _FOR, timer=clock)
        self._turn = asyncio.Semaphore(_AT_A_TIME)
        self._waiting = 0
        self._nobody: str | None = None

    async def authenticate(self, request: Request) -> Principal | None:
        """Return the user, or None when no password is shown.

        Raises:
            BadRequest: Authorization is repeated.
            InvalidPassword: the user is unknown, or the password another one.
            CredentialUnavailable: it cannot be known now.
            Overloaded: too many passwords are being computed.
        """
        value = request.headers.only(b"authorization")
        if value is None or value[:6].lower() != b"basic ":
            return None
        name, password = _pair(value[6:])
        credential = await self._user(name)
        mark = hmac.digest(self._salt, value[6:], "sha256")
        known = self._right.get(mark)
        if known is not None and known[0] is credential:
            return known[1]
        if not await self._compute(password, credential) or credential is None:
            raise InvalidPassword("the user is unknown, or the password another one")
        principal = Principal(subject=credential.id, issuer=credential.alias, method=METHOD)
        self._right[mark] = credential, principal
        return principal

    async def _user(self, name: str) -> Credential | None:
        """Return the record of a user. That one cannot be had now is told only when no other is the user's."""
        found: Credential | None = None
        unsure: CredentialUnavailable | None = None
        for source in self._sources:
            try:
                credential = await source.get()
            except CredentialUnavailable as error:
                unsure = error
                continue
            if hmac.compare_digest(credential.id.encode(), name.encode()):
                found = credential
        if found is None and unsure is not None:
            raise unsure
        return found

    async def _compute(self, password: bytes, credential: Credential | None) -> bool:
        """Compute, beside the requests of others; for nobody the same as for somebody."""
        if self._waiting >= _WAITING:
            raise Overloaded("too many passwords are being computed", retry_after=1)
        right = self._for_nobody if credential is None else partial(is_right, encoded=_encoded(credential))
        self._waiting += 1
        try:
            await self._turn.acquire()
        except asyncio.CancelledError:
            self._waiting -= 1
            raise
        computing = asyncio.create_task(asyncio.to_thread(right, password))
        computing.add_done_callback(self._computed)
        return await asyncio.shield(computing)

    def _computed(self, computing: asyncio.Task[bool]) -> None:
        """Let the next one have its turn: no thread stops because its caller has gone away."""
        self._waiting -= 1
        self._turn.release()
        if not computing.cancelled():
            computing.exception()  # whoever waits for it is told

    def _for_nobody(self, password: bytes) -> bool:
        if self._nobody is None:
            self._nobody = hash_of(self._salt)
        is_right(password, self._nobody)
        return False


def _pair(encoded: bytes) -> tuple[str, bytes]:
    """RFC 7617, section 2: base64 of `user:password`, in UTF-8; a colon ends the name."""
    if len(encoded) > _LARGEST:
        raise InvalidPassword(f"the pair has {len(encoded)} octets")
    try:
        name, colon, password = b64decode(encoded, validate=True).partition(b":")
        text = name.decode()
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidPassword("the pair is not base64 of UTF-8") from None
    if not colon or not text.isprintable() or not password:
        raise InvalidPassword("the pair is not one of a name and a password")
    return text, password


def _encoded(credential: Credential) -> str:
    """Return the hash in a record.

    Raises:
        CredentialUnavailable: it holds something else: perhaps the password itself, which must not be kept.
    """
    text = credential.secret.reveal().decode("utf-8", "replace").strip()
    if not text.startswith("$argon2id$"):
        raise CredentialUnavailable(f"{credential.alias} holds no hash", reason=Reason.CREDENTIAL_UNUSABLE)
    return text


def compile_password(spec: PasswordSpec, credentials: Mapping[str, CredentialSource]) -> PasswordAuthenticator:
    """Return the authenticator that a block of the configuration describes.

    Raises:
        ConfigError: a credential is not defined.
    """
    return PasswordAuthenticator(sources_of(spec.users, credentials, "basic.users"), spec.realm)
