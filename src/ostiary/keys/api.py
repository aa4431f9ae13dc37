"""Keys for those who embed the gateway: sign, encrypt, and back, by the name of a key.

async with opened_keys(load("gateway.yaml")) as keys:              # ostiary.build
    token = await keys.sign({"aal": 3}, "identity")
    closed = await keys.encrypt({"aal": 3}, "identity")                # to the owner of the same key
    closed = await keys.sign_and_encrypt({"aal": 3}, "identity", to="partner")
    claims = await keys.decrypt(closed, "partner")
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

from ostiary.keys.algorithms import encrypts
from ostiary.keys.errors import KeyRefused
from ostiary.keys.jose import compact
from ostiary.keys.jwe import decrypt, encrypt, unwrapped, way
from ostiary.keys.ring import Ring
from ostiary.keys.version import KeyVersion
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
        key = await self._rings[alias].get()
        if encrypts(key.alg):
            raise KeyRefused(f"{alias} does not sign: it opens what is encrypted to it ({key.alg})")
        return await compact(key, claims, kind)

    async def encrypt(self, claims: Mapping[str, Any], alias: str) -> str:
        """Return claims as a token that only the owner of a key can read (RFC 7519, section 7.1). It proves nothing."""
        return await self._closed(json.dumps(claims, allow_nan=False).encode(), alias)

    async def sign_and_encrypt(self, claims: Mapping[str, Any], alias: str, *, to: str | None = None) -> str:
        """Return claims, signed with one key, then encrypted to another, or to the same (RFC 7519, section 11.2)."""
        inner = await self.sign(claims, alias)
        return await self._closed(inner.encode(), to or alias, cty="JWT")

    async def decrypt(self, token: str, alias: str) -> str:
        """Return what is in a token that was encrypted to a key of ours: claims in JSON, or a signed token.

        The version opens it whose id the token names, or the newest. What is found is read, not believed: a signed
        token has still to be verified.
        """
        ring = self._rings[alias]
        await ring.get()
        kid = _named(token)
        fitting = [one for one in ring.versions if one.enabled and kid in (None, one.kid) and ring.opens(one)]
        if not fitting:
            raise KeyRefused(f"no version of {alias} opens the token")
        return (await _opened(ring, fitting[-1], token)).decode()

    async def jwks(self, *aliases: str) -> dict[str, Any]:
        """Return the public keys of which signatures may be met, of all rings or of some (RFC 7517, section 5)."""
        return {"keys": [key for alias in aliases or self._rings for key in await self._rings[alias].jwks()]}

    async def _closed(self, content: bytes, alias: str, **header: str) -> str:
        key = await self._rings[alias].get()
        if not self._rings[alias].opens(key.version):
            raise KeyRefused(f"{alias} only signs: nobody could open what is encrypted to it")
        public = key.version.public
        return encrypt(content, public, key.kid, way(public, key.alg), **header)


async def _opened(ring: Ring, version: KeyVersion, token: str) -> bytes:
    material, alg = ring.material(version), way(version.public, version.alg)
    if material is not None:
        return decrypt(token, material.private, alg)
    return await unwrapped(token, alg, lambda wrapped: ring.unwrap(version, wrapped))


def _named(token: str) -> str | None:
    """Return the id of the key that a token says it is encrypted to, or None."""
    head = token.partition(".")[0]
    try:
        fields = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        raise KeyRefused("the token is malformed") from None
    kid = fields.get("kid") if isinstance(fields, dict) else None
    return kid if isinstance(kid, str) else None
