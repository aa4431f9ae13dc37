"""A version of a ring as those who sign have it: whoever keeps the private half is asked."""

from __future__ import annotations

from dataclasses import dataclass

from ostiary.errors import CredentialUnavailable
from ostiary.keys.algorithms import encrypts
from ostiary.keys.keeper import Keeper
from ostiary.keys.state import Tally
from ostiary.keys.version import KeyVersion
from ostiary.reasons import Reason
from ostiary.sealed.errors import SecretError


@dataclass(frozen=True, slots=True, eq=False)
class RingKey:
    """The version of a ring that signs; a model.SigningKey."""

    alias: str
    version: KeyVersion
    keeper: Keeper
    tally: Tally

    @property
    def kid(self) -> str:
        """Its id in the published key set."""
        return self.version.kid

    @property
    def alg(self) -> str:
        """How it signs."""
        return self.version.alg

    async def sign(self, data: bytes) -> bytes:
        """Return the signature in the form of JOSE.

        Raises:
            CredentialUnavailable: the keeper does not sign now.
        """
        if encrypts(self.alg):
            raise CredentialUnavailable(f"key {self.alias} does not sign", reason=Reason.CREDENTIAL_UNUSABLE)
        try:
            with self.tally.measured("sign"):
                return await self.keeper.sign(self.version, data)
        except SecretError as error:
            problem = unavailable(self.alias, error)
        raise problem


def unavailable(alias: str, error: SecretError) -> CredentialUnavailable:
    """Return what a request ends with that needs a key whose keeper has refused."""
    return CredentialUnavailable(f"key {alias}: {error}", reason=error.reason, retry_after=1)
