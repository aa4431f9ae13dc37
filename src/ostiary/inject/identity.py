"""Tell the upstream who is calling, in a short-lived token that the gateway signs (RFC 7519, RFC 7515).

A token is made once for a caller, and again at 60 % of its life, not for each request. It is kept under all that
it says, so that whoever has the same token has the same claims; it never outlives the caller's evidence; and one
that was signed with another key than signs now is not used any more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ostiary.config.identity import IdentityTokenSpec
from ostiary.errors import ConfigError
from ostiary.inject.template import Place, Template, compile_template, unsafe
from ostiary.inject.write import put
from ostiary.keys.jose import compact
from ostiary.model import KeySource, Outbound, Principal, SigningKey, fold
from ostiary.renewal import Kept, Made, Partitions

MOST: Final = 10_000  # tokens that are kept
_DUE, _DEAD = 0.6, 0.9  # parts of a token's life after which it is made anew, and not used any more
_SIMPLE: Final = (str, bool, int, float, list, dict)


@dataclass(frozen=True, slots=True)
class Signed:
    """A token as it is written, and the key that signed it."""

    octets: bytes = field(repr=False)
    key: SigningKey


class IdentityInjector:
    """Writes tokens about callers.

    Args:
        spec: the block of the configuration.
        claims: what is said, by claim.
        keys: where the key that signs comes from.
        clock: seconds since the epoch.
        most: how many tokens are kept.
    """

    def __init__(
        self,
        spec: IdentityTokenSpec,
        claims: Mapping[str, Template],
        keys: KeySource,
        *,
        clock: Callable[[], float] = time.time,
        most: int = MOST,
    ) -> None:
        self._spec = spec
        self._name = spec.header.encode()
        self._prefix = b"Bearer " if spec.header.lower() == "authorization" else b""
        self.owns = frozenset({fold(self._name)})
        self._claims = dict(claims)
        self._keys = keys
        self._clock = clock
        self._most = most
        self._tokens: Partitions[tuple[bytes, float | None], Signed] = Partitions(most, clock=clock)
        self._seen: dict[int, tuple[Principal, Kept[Signed]]] = {}

    async def inject(self, outbound: Outbound) -> None:
        """Write.

        Raises:
            Forbidden: something that is to be said of the caller is missing, or the evidence has ended.
            CredentialUnavailable: the key cannot be had, or cannot sign now.
        """
        principal = outbound.permit.principal
        seen = self._seen.get(id(principal))  # a verified token has one principal for as long as it is remembered
        kept = seen[1] if seen is not None and seen[0] is principal else self._find(outbound, principal)
        signed = await kept.get()
        current = self._keys.current()
        if current is not None and signed.key is not current:
            kept.drop()
            signed = await kept.get()
        record = outbound.request.record
        record.credential, record.credential_version = self._keys.alias, signed.key.kid
        put(outbound, self._name, signed.octets)

    def _find(self, outbound: Outbound, principal: Principal) -> Kept[Signed]:
        """Return where the token for a caller is kept, and remember it."""
        said = self._said(outbound)
        kept = self._tokens.of((said, principal.expires), self._maker(said, principal.expires))
        if len(self._seen) >= self._most:
            self._seen.clear()
        self._seen[id(principal)] = principal, kept
        return kept

    def _said(self, outbound: Outbound) -> bytes:
        """Return what is said of a caller, in JSON."""
        claims = {name: _value(template, outbound) for name, template in self._claims.items()}
        try:
            return json.dumps(claims, ensure_ascii=False, allow_nan=False, sort_keys=True).encode()
        except (TypeError, ValueError):  # UnicodeEncodeError is one
            raise unsafe("a claim cannot be said in JSON") from None

    def _maker(self, said: bytes, expires: float | None) -> Callable[[], Awaitable[Made[Signed]]]:
        async def make() -> Made[Signed]:
            now = self._clock()
            end = now + self._spec.lifetime if expires is None else min(now + self._spec.lifetime, expires)
            if int(end) <= int(now):
                raise unsafe("the caller's evidence has ended")
            key = await self._keys.get()
            token = await compact(key, self._payload(json.loads(said), int(now), int(end)), self._spec.type)
            lasts = end - now
            return Made(Signed(self._prefix + token.encode(), key), due=now + lasts * _DUE, dead=now + lasts * _DEAD)

        return make

    def _payload(self, claims: dict[str, Any], now: int, end: int) -> dict[str, Any]:
        audience = self._spec.audience[0] if len(self._spec.audience) == 1 else list(self._spec.audience)
        return {**claims, "iss": self._spec.issuer, "aud": audience, "iat": now, "nbf": now, "exp": end}


def _value(template: Template, outbound: Outbound) -> Any:
    """Return what a claim says: a text, or the value of the only place as it is."""
    first = template.parts[0]
    if len(template.parts) > 1 or not isinstance(first, Place):
        return template.fill(outbound, str)
    value = first.look(outbound)
    if not isinstance(value, _SIMPLE) or value == "":
        raise unsafe(f"{{{first.name}}} is missing or empty")
    return value


def compile_identity(spec: IdentityTokenSpec, keys: KeySource) -> IdentityInjector:
    """Return the injector of a block of the configuration.

    Raises:
        ConfigError: a text that cannot be filled in, or one about the request: tokens are kept for many.
    """
    claims = {name: compile_template(text) for name, text in spec.claims.items()}
    for template in claims.values():
        for part in template.parts:
            if isinstance(part, Place) and not part.name.startswith("principal."):
                raise ConfigError(
                    f"identity: {{{part.name}}}: a token is about a caller, and is used for many requests"
                )
    return IdentityInjector(spec, claims, keys)
