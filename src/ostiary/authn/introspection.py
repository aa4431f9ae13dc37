"""Authenticate by an opaque token: its issuer is asked what it stands for (RFC 7662).

An answer is used for a bounded time and kept under the token's digest; tokens that are asked for at the same
moment are asked once. No answer, or one that cannot be read, is 503: nobody knows whether the token counts.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

import structlog
from cachetools import LRUCache

from ostiary.authn.bearer import ALL_BEARER, CHALLENGE, looks_signed, take_token
from ostiary.authn.bound import Confirmation, check_binding, read_confirmation
from ostiary.authn.claims import Terms, Validity, check_audience, read_lifetime, read_subject, read_text
from ostiary.config.evidence import IntrospectionSpec
from ostiary.errors import CredentialUnavailable, InvalidToken, KeysUnavailable
from ostiary.model import Principal, Request
from ostiary.reasons import Reason

METHOD: Final = "introspection"
_LARGEST: Final = 4096
_TOKEN: Final = re.compile(rb"[A-Za-z0-9\-._~+/]+=*")
"""b64token (RFC 6750, section 2.1)."""
_REMEMBERED: Final = 10_000
_REFUSED_FOR: Final = 5.0
"""Seconds for which the answer that a token does not count is used."""
_ROUNDING: Final = 0.001
_AFTER: Final = 5
_MOST_QUESTIONS: Final = 100
"""Questions under way at a time; a flood of invented tokens must not become one of questions."""

_log = structlog.get_logger("ostiary.authn")


class AskError(Exception):
    """There was no answer, or none that can be read. The text is for the log."""


class Endpoint(Protocol):
    """Where an issuer is asked."""

    async def ask(self, token: str) -> dict[str, Any]:
        """Return what it says of a token.

        Raises:
            AskError: nothing that can be read.
            CredentialUnavailable: what the gateway proves itself with cannot be had.
        """

    async def aclose(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an issuer said of a token.

    Attributes:
        principal: whom it stands for, or None when it does not count.
        why: why not.
        until: epoch seconds until which the answer is used.
        confirmation: what the token demands of whoever shows it (RFC 8705, section 3.2).
    """

    principal: Principal | None
    why: InvalidToken | None
    until: float
    confirmation: Confirmation | None = None


class IntrospectionAuthenticator:
    """Judges opaque bearer tokens.

    Args:
        spec: the block of the configuration.
        endpoint: where the issuer is asked.
        shared: whether another authenticator judges bearer tokens that look like signed ones.
        clock: epoch seconds.
    """

    method = METHOD
    challenge = CHALLENGE
    headers = frozenset((b"authorization",))

    def __init__(
        self,
        spec: IntrospectionSpec,
        endpoint: Endpoint,
        *,
        shared: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._spec = spec
        self._endpoint = endpoint
        self._shared = shared
        self._clock = clock
        self._terms = Terms.of_answers(spec)
        self._known: LRUCache[bytes, Answer] = LRUCache(_REMEMBERED)
        self._asking: dict[bytes, asyncio.Task[Answer]] = {}
        self.evidence = frozenset(ALL_BEARER[1:] if shared else ALL_BEARER)

    def stay_offline(self) -> None:
        """Ask nobody, whatever happens."""
        self._endpoint = _Silent()

    async def start(self) -> None:
        """Nothing is asked before a token comes."""

    async def aclose(self) -> None:
        """Stop asking."""
        for task in tuple(self._asking.values()):
            task.cancel()
        await self._endpoint.aclose()

    async def authenticate(self, request: Request) -> Principal | None:
        """Return the token's principal, or None when there is no opaque bearer token.

        Raises:
            BadRequest: Authorization is repeated.
            InvalidToken: there is a token, and it does not count.
            KeysUnavailable: there is a token, and nobody can be asked about it now.
        """
        token = take_token(request.headers)
        if token is None or (self._shared and looks_signed(token)):
            return None
        if len(token) > _LARGEST:
            raise InvalidToken(f"the token has {len(token)} octets", reason=Reason.TOKEN_TOO_LARGE)
        if not _TOKEN.fullmatch(token):
            raise InvalidToken("the token has characters that no token has")
        mark = hashlib.sha256(token).digest()
        answer = self._known.get(mark)
        if answer is None or not self._counts(answer):
            answer = await self._asked(mark, token)
        if answer.principal is None:
            raise answer.why or InvalidToken(reason=Reason.TOKEN_INACTIVE)
        if answer.confirmation is not None:
            check_binding(answer.confirmation.certificate, request.peer.certificate)
        return answer.principal

    def _counts(self, answer: Answer) -> bool:
        """Whether an answer is still used. A clock that is set back lets none be used for longer than it may be."""
        left = answer.until - self._clock()
        return 0.0 < left <= self._spec.cache + _ROUNDING

    async def _asked(self, mark: bytes, token: bytes) -> Answer:
        """Return the answer of the one question that is under way for a token; ask it if there is none."""
        task = self._asking.get(mark)
        if task is None:
            if len(self._asking) >= _MOST_QUESTIONS:
                raise _unavailable("too many questions under way")
            task = self._asking[mark] = asyncio.create_task(self._ask(token), name=f"ask {self._spec.name}")
            task.add_done_callback(lambda ended: self._ended(mark, ended))
        await asyncio.wait((task,))
        if task.cancelled():
            raise _unavailable("the gateway is stopping")
        answer = self._known[mark] = task.result()
        return answer

    def _ended(self, mark: bytes, task: asyncio.Task[Answer]) -> None:
        """Forget a question; what it ended with is known, also where nobody waits for it any more."""
        self._asking.pop(mark, None)
        if not task.cancelled():
            task.exception()

    async def _ask(self, token: bytes) -> Answer:
        try:
            claims = await self._endpoint.ask(token.decode("ascii"))
        except (AskError, CredentialUnavailable) as error:
            _log.warning("token not introspected", issuer=self._spec.name, why=str(error))
            raise _unavailable(str(error)) from error
        now = self._clock()
        try:
            return self._judge(claims, now)
        except InvalidToken as error:
            return Answer(None, error, now + min(_REFUSED_FOR, self._spec.cache))

    def _judge(self, claims: Mapping[str, Any], now: float) -> Answer:
        """RFC 7662, section 2.2: of an inactive token nothing else is said; `exp` and the others are optional."""
        if claims.get("active") is not True:
            raise InvalidToken("not active", reason=Reason.TOKEN_INACTIVE)
        if self._spec.issuer is not None and claims.get("iss", self._spec.issuer) != self._spec.issuer:
            raise InvalidToken("iss is another", reason=Reason.TOKEN_ISSUER_UNKNOWN)
        check_audience(claims, self._terms)
        validity = read_lifetime(claims, self._terms)
        validity.check(now)
        confirmation = read_confirmation(claims, self._spec.bound)
        return Answer(self._principal(claims, validity), None, min(now + self._spec.cache, validity.ends), confirmation)

    def _principal(self, claims: Mapping[str, Any], validity: Validity) -> Principal:
        names = self._terms.names
        return Principal(
            subject=read_subject(claims, self._terms),
            issuer=self._spec.name,
            method=METHOD,
            claims=MappingProxyType(dict(claims)),
            tenant=read_text(claims.get(names.tenant)),
            environment=read_text(claims.get(names.environment)),
            expires=validity.ends if "exp" in claims else None,
            permissions=claims.get(names.permissions),
            scopes=claims.get(names.scope),
        )


class _Silent:
    """An endpoint that is not asked."""

    async def ask(self, token: str) -> dict[str, Any]:
        del token
        raise AskError("not asked")

    async def aclose(self) -> None:
        pass


def _unavailable(why: str) -> KeysUnavailable:
    return KeysUnavailable(why, reason=Reason.INTROSPECTION_UNAVAILABLE, retry_after=_AFTER)
