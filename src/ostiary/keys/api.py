"""Keys for those who embed the gateway: sign, encrypt, and back, by the name of a key.

async with opened_keys(load("gateway.yaml")) as keys:              # ostiary.build
    token = await keys.sign({"aal": 3}, "identity")
    closed = await keys.encrypt({"aal": 3}, "identity")                # to the owner of the same key
    closed = await keys.sign_and_encrypt({"aal": 3}, "identity", to="partner")
    claims = await keys.decrypt(closed, "partner")
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

from ostiary.keys.errors import KeyRefused
from ostiary.keys.jose import compact
from ostiary.keys.jwe import decrypt, encrypt
from ostiary.keys.ring import Ring, RingKey
from ostiary.model import KeySource


class Keys:
    """The keys of a configuration, by name.

    Every method may raise KeyError (there is no such key), CredentialUnavailable (whoever keeps it cannot be asked
    now) and KeyRefused (it cannot do that).
    """

    def __init__(self, rings: Mapping[str, Ring]) -> None:
        self._rings = dict(rings)

    def __getitem__(self, alias: str) -> KeySource:
        """Return where the version of a key that signs now comes from."""
        return self._rings[alias]

    async def sign(self, claims: Mapping[str, Any], alias: str, *, kind: str = "JWT") -> str:
        """Return claims as a signed token. Nothing is added to them: say `iss`, `aud` and `exp`.

        Args:
            claims: what is said.
            alias: the key.
            kind: the `typ` of the token.
        """
        return await compact(await self._rings[alias].get(), claims, kind)

    async def encrypt(self, claims: Mapping[str, Any], alias: str) -> str:
        """Return claims as a token that only the owner of a key can read (RFC 7519, section 7.1). It proves nothing."""
        return self._closed(json.dumps(claims, allow_nan=False).encode(), await self._rings[alias].get())

    async def sign_and_encrypt(self, claims: Mapping[str, Any], alias: str, *, to: str | None = None) -> str:
        """Return claims, signed with one key, then encrypted to another, or to the same (RFC 7519, section 11.2)."""
        inner = await self.sign(claims, alias)
        return self._closed(inner.encode(), await self._rings[to or alias].get(), cty="JWT")

    async def decrypt(self, token: str, alias: str) -> str:
        """Return what is in a token that was encrypted to a key of ours: claims in JSON, or a signed token.

        Every enabled version of the key is tried that has the id which the token names. What is found is read,
        not believed: a signed token has still to be verified.
        """
        ring = self._rings[alias]
        await ring.get()
        kid = _named(token)
        for version in ring.versions:
            material = ring.material(version) if kid in (None, version.kid) else None
            if material is not None:
                return decrypt(token, material.private).decode()
        raise KeyRefused(f"no version of {alias} in this process opens the token")

    async def jwks(self, *aliases: str) -> dict[str, Any]:
        """Return the public keys of which signatures may be met, of all rings or of some (RFC 7517, section 5)."""
        return {"keys": [key for alias in aliases or self._rings for key in await self._rings[alias].jwks()]}

    def _closed(self, content: bytes, key: RingKey, **header: str) -> str:
        return encrypt(content, key.version.public, key.kid, **header)


def _named(token: str) -> str | None:
    """Return the id of the key that a token says it is encrypted to, or None."""
    head = token.partition(".")[0]
    try:
        fields = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error):
        raise KeyRefused("the token is malformed") from None
    kid = fields.get("kid") if isinstance(fields, dict) else None
    return kid if isinstance(kid, str) else None
