"""A token endpoint: asked for tokens, with what proves the gateway."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from ostiary.errors import CredentialUnavailable, GatewayError
from ostiary.jwks.discovery import Discovery
from ostiary.oauth.client import CertificateClient, Client
from ostiary.oauth.grant import Grant, RefusedError, check_bound, read_grant
from ostiary.oauth.metadata import token_endpoint
from ostiary.oauth.post import Asker, Form, NoAnswerError
from ostiary.renewal import Kept, Made

_METADATA: Final = 3600.0  # seconds after which an issuer's metadata is looked at again


class TokenEndpoint:
    """A token endpoint.

    Args:
        place: where it is, or whose metadata says so.
        client: how the gateway proves itself there.
        asker: how it is asked.
        form: what every request says.
        lifetime: seconds that a token lasts whose answer does not say so.
        bound: whether tokens have to be bound to the client's certificate.
        clock: the monotonic clock, in seconds.

    Attributes:
        place: where it is, or whose.
        client: how the gateway proves itself there.
        asked: how many requests gave a token (True), and how many did not.
    """

    def __init__(
        self,
        place: str | Discovery,
        client: Client,
        asker: Asker,
        form: Form,
        *,
        lifetime: float,
        bound: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.place = place if isinstance(place, str) else place.issuer
        self.asked = {True: 0, False: 0}
        self.client = client
        self._asker = asker
        self._form = form
        self._lifetime = lifetime
        self._thumbprint = client.thumbprint if bound and isinstance(client, CertificateClient) else None
        self._clock = clock
        self._discovery = None if isinstance(place, str) else place
        self._url = Kept(self._find, clock=clock)

    async def ask(self, client: Client | None = None, /, **more: str) -> Grant:
        """Return a token.

        Args:
            client: who asks, if that is not the same for all requests.
            more: what this request says beside the usual.

        Raises:
            RefusedError: the issuer refuses.
            CredentialUnavailable: it cannot be asked now, or its answer cannot be used.
        """
        try:
            grant = await self._ask(client or self.client, more)
        except (RefusedError, GatewayError):
            self.asked[False] += 1
            raise
        self.asked[True] += 1
        return grant

    async def _ask(self, client: Client, more: Mapping[str, str]) -> Grant:
        url = await self._url.get()
        proven = await client.prove()
        try:
            status, said = await self._asker.post(url, {**self._form, **more, **proven.form}, proven.headers)
        except NoAnswerError as error:
            self._url.drop()  # the endpoint may have moved
            raise CredentialUnavailable(str(error)) from error
        grant = read_grant(status, said, self._lifetime)
        if self._thumbprint is not None:
            check_bound(grant.token, self._thumbprint)
        return grant

    async def aclose(self) -> None:
        """Let go of everything."""
        await self._url.aclose()
        await self._asker.aclose()

    async def _find(self) -> Made[str]:
        if self._discovery is None:
            return Made(self.place)
        try:
            status, said = await self._asker.get(self._discovery.url)
            if status != HTTPStatus.OK:
                raise CredentialUnavailable(f"{self._discovery.url} answered {status}")
            certificate = isinstance(self.client, CertificateClient)
            return Made(token_endpoint(said, self.place, certificate=certificate), due=self._clock() + _METADATA)
        except (NoAnswerError, ValueError) as error:
            raise CredentialUnavailable(f"discovery: {error}") from error
