"""The gateway's tokens for an upstream where each caller has a client of its own there (RFC 6749, section 4.4).

    credentials:
      crm: {vault: corporate, path: "tenants/{principal.tenant}/crm-client"}
    inject:
      - oauth2: {token_url: ..., client: {basic: {credential: crm}}}

A token is kept under the path of the record that its client stands in, so callers share one only when they share the
client. Their number is bounded.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from ostiary.errors import CredentialUnavailable, GatewayError
from ostiary.model import Credential, CredentialSource, Outbound
from ostiary.oauth.callers import CallerToken, TokensOfCallers
from ostiary.oauth.client import of_caller
from ostiary.oauth.endpoint import TokenEndpoint
from ostiary.oauth.grant import RefusedError
from ostiary.reasons import Reason
from ostiary.renewal import Made

log = structlog.get_logger("ostiary.oauth")


class Records(Protocol):
    """Where the clients of callers come from."""

    def path(self, outbound: Outbound) -> str:
        """Return the path of a caller's record.

        Raises:
            Forbidden: there is none for this caller.
        """

    def at(self, path: str) -> CredentialSource:
        """Return the credential in a record."""


class CallerTokens(TokensOfCallers[str, int]):
    """The tokens, each for one client; kept under the path of its record, seen by its principal.

    Args:
        name: what they are kept under from one configuration to the next: all that they depend on.
        alias: of the clients' credential, for the log.
        endpoint: where they are asked for.
        records: where the clients are.
        most: how many tokens are kept.
        clock: the monotonic clock, in seconds.
    """

    def __init__(
        self,
        name: str,
        alias: str,
        endpoint: TokenEndpoint,
        records: Records,
        most: int = 1024,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name, alias, endpoint, most, clock=clock)
        self._records = records

    def of(self, outbound: Outbound) -> CallerToken:
        """Return where the token for a caller comes from.

        Raises:
            Forbidden: there is no client for this caller.
        """
        principal = outbound.permit.principal
        seen = self._seen.get(id(principal))  # a verified token has one principal for as long as it is remembered
        if seen is not None and seen[0] is principal:
            return seen[1]
        path = self._records.path(outbound)
        return self._remember(id(principal), principal, self._kept(path, self._maker(path)))

    def _maker(self, path: str) -> Callable[[], Awaitable[Made[Credential]]]:
        async def make() -> Made[Credential]:
            return await self._obtained(path)

        return make

    async def _obtained(self, path: str) -> Made[Credential]:
        asked = self._clock()
        try:
            self._refuse_offline()
            client = of_caller(self.endpoint.client, self._records.at(path))
            grant = await self.endpoint.ask(client, grant_type="client_credentials")
        except RefusedError as error:
            self._tell_of(path, error.word)
            raise CredentialUnavailable(
                f"the issuer refuses: {error.word}", reason=Reason.CREDENTIAL_UNUSABLE
            ) from None
        except GatewayError as error:
            self._tell_of(path, error.detail)
            raise
        log.info("token obtained", client=self.alias, record=path, issuer=self.endpoint.place, lasts=grant.lasts)
        return self._granted(grant, asked)

    def _tell_of(self, path: str, why: str) -> None:
        log.warning("token not obtained", client=self.alias, record=path, issuer=self.endpoint.place, why=why)
