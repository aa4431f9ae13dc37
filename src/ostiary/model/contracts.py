"""What the rooms promise one another."""

from __future__ import annotations

from typing import Protocol

from ostiary.model.secret import Credential
from ostiary.model.tickets import Outbound, Principal, Request


class Authenticator(Protocol):
    """Judges one kind of evidence.

    Attributes:
        method: the kind: "mtls", "jwt", ...
        evidence: where it looks; each kind of evidence has one owner per route.
        challenge: what to say in `WWW-Authenticate` when it found nothing, or None.
    """

    @property
    def method(self) -> str:
        """The kind of evidence."""

    @property
    def evidence(self) -> frozenset[str]:
        """Where it looks."""

    @property
    def challenge(self) -> str | None:
        """What to say in `WWW-Authenticate`, or None."""

    async def authenticate(self, request: Request) -> Principal | None:
        """Return who was proven, or None when there is no evidence of this kind.

        Raises:
            GatewayError: there is evidence, and it is bad, or it cannot be judged now. Final.
        """


class Rule(Protocol):
    """One condition of a policy. A pure function of its arguments.

    A rule that looks at nothing but the principal says so with `lasting = True`: its answer may be remembered.
    """

    def check(self, principal: Principal, request: Request) -> None:
        """Return when the condition holds.

        Raises:
            Forbidden: it does not hold.
        """


class Injector(Protocol):
    """Writes into the head that goes upstream.

    Attributes:
        owns: folded names of the headers it writes: stripped from every request beforehand.
    """

    @property
    def owns(self) -> frozenset[bytes]:
        """Folded names of the headers it writes."""

    async def inject(self, outbound: Outbound) -> None:
        """Write.

        Raises:
            CredentialUnavailable: what it writes cannot be had now.
        """


class CredentialSource(Protocol):
    """Where an injector gets its credential from. The cache of the vault room is one."""

    @property
    def alias(self) -> str:
        """Its name in the configuration."""

    async def get(self) -> Credential:
        """Return the credential, from memory where it is fresh.

        Raises:
            CredentialUnavailable: it cannot be had, and no copy may be used.
        """


class SigningKey(Protocol):
    """One version of a key that signs: a token is made with one of these from its header to its last octet."""

    @property
    def kid(self) -> str:
        """Its id, as the published key set has it (RFC 7517, section 4.5)."""

    @property
    def alg(self) -> str:
        """How it signs: ES256, RS256, ... (RFC 7518, section 3.1)."""

    async def sign(self, data: bytes) -> bytes:
        """Return the signature as JOSE has it: for elliptic curves r and s, never DER (RFC 7518, section 3.4).

        Raises:
            CredentialUnavailable: whoever keeps the key cannot sign now.
        """


class KeySource(Protocol):
    """Where the key that signs now comes from. The rings of the room `keys` are such sources."""

    @property
    def alias(self) -> str:
        """Its name in the configuration."""

    def current(self) -> SigningKey | None:
        """Return the version that signs now, if that is known without asking: the same object while it is the same."""

    async def get(self) -> SigningKey:
        """Return the version that signs now; does not suspend while it is known.

        Raises:
            CredentialUnavailable: there is none, or it cannot be known now.
        """
