"""Show the upstream a token that an issuer gave the gateway: its own, or one in exchange for the caller's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ostiary.config.oauth import OnReject, TokenSpec
from ostiary.inject import bearer, header
from ostiary.inject.encoded import Each, Encoded, EncodedEach, Written
from ostiary.inject.write import put
from ostiary.model import Credential, CredentialSource, Outbound, fold


@dataclass(frozen=True, slots=True)
class TokenInjector:
    """Writes a token.

    Attributes:
        name: of the header.
        owns: its folded name.
        credential: the token, as it is written.
        on_reject: what the upstream's 401 means.
    """

    name: bytes
    owns: frozenset[bytes]
    credential: Written
    on_reject: OnReject

    async def inject(self, outbound: Outbound) -> None:
        """Write.

        Raises:
            CredentialUnavailable: the token cannot be had now.
            Forbidden: there is none for this caller.
        """
        put(outbound, self.name, await self.credential.octets(outbound))


def own_token(spec: TokenSpec, source: CredentialSource) -> TokenInjector:
    """Return the injector of the gateway's own token."""
    return _injector(spec, Encoded(source, _encode(spec)))


def token_of_each(spec: TokenSpec, each: Each) -> TokenInjector:
    """Return the injector of tokens that are another one for each caller, or for each caller's client."""
    return _injector(spec, EncodedEach(each, _encode(spec)))


def _injector(spec: TokenSpec, written: Written) -> TokenInjector:
    name = spec.header.encode()
    return TokenInjector(name, frozenset({fold(name)}), written, spec.on_reject)


def _encode(spec: TokenSpec) -> Callable[[Credential], bytes]:
    return bearer.encode if spec.header.lower() == "authorization" else header.encode
