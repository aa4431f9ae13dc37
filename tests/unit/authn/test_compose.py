"""Who is the caller, when a route asks for several kinds of evidence?"""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.tokens import NOW, Clock, Signer, certificate, good_claims, issuer, request

from ostiary.authn import compile_authenticators
from ostiary.authn.anonymous import AnonymousAuthenticator
from ostiary.authn.compose import Every, First
from ostiary.config.schema import AuthenticateSpec
from ostiary.errors import ConfigError, CredentialsMissing, InvalidToken
from ostiary.model import Certificate, Principal, Request
from ostiary.reasons import Reason

BANK = Signer()


class Witness:
    """An authenticator that answers what it was told."""

    def __init__(self, method: str, answer: Principal | Exception | None, challenge: str | None = None) -> None:
        self.method = method
        self.evidence = frozenset((method,))
        self.challenge = challenge
        self.answer = answer
        self.asked = 0

    async def authenticate(self, request: Request) -> Principal | None:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def somebody(method: str, **facts: Any) -> Principal:
    return Principal(subject=f"{method}-subject", issuer=method, method=method, **facts)


CERTIFIED = somebody("mtls", certificate=certificate(), expires=500.0)
TOKEN = somebody("jwt", tenant="t1", environment="e1", permissions={"a": ["b"]}, scopes="x", expires=400.0)


async def test_any_takes_the_first_that_finds_its_evidence() -> None:
    second = Witness("jwt", TOKEN)
    assert await First([Witness("mtls", CERTIFIED), second]).authenticate(request()) is CERTIFIED
    assert second.asked == 0
    assert await First([Witness("mtls", None), second]).authenticate(request()) is TOKEN


@pytest.mark.attack(23)
async def test_bad_evidence_never_falls_through() -> None:
    last = Witness("mtls", CERTIFIED)
    with pytest.raises(InvalidToken):
        await First([Witness("jwt", InvalidToken()), last]).authenticate(request())
    assert last.asked == 0


async def test_all_wants_every_one_and_the_last_is_the_principal() -> None:
    principal = await Every([Witness("mtls", CERTIFIED), Witness("jwt", TOKEN)]).authenticate(request())
    assert (principal.subject, principal.method) == ("jwt-subject", "jwt")
    assert (principal.tenant, principal.environment) == ("t1", "e1")
    assert (principal.permissions, principal.scopes) == ({"a": ["b"]}, "x")
    assert principal.certificate == certificate()
    assert principal.others == {"mtls": CERTIFIED}


async def test_all_of_one_is_that_one() -> None:
    assert await Every([Witness("jwt", TOKEN)]).authenticate(request()) is TOKEN


async def test_the_order_of_all_decides_who_is_the_principal() -> None:
    principal = await Every([Witness("jwt", TOKEN), Witness("mtls", CERTIFIED)]).authenticate(request())
    assert principal.subject == "mtls-subject"
    assert principal.tenant is None
    assert principal.others == {"jwt": TOKEN}


async def test_all_expires_with_the_first_of_its_evidence() -> None:
    principal = await Every([Witness("jwt", TOKEN), Witness("mtls", CERTIFIED)]).authenticate(request())
    assert principal.expires == 400.0


@pytest.mark.parametrize(
    ("certified", "token", "reason"),
    [
        (None, TOKEN, Reason.CERTIFICATE_MISSING),
        (CERTIFIED, None, Reason.TOKEN_MISSING),
        (None, None, Reason.CERTIFICATE_MISSING),
    ],
)
async def test_all_says_what_is_missing(certified: Principal | None, token: Principal | None, reason: Reason) -> None:
    both = Every([Witness("mtls", certified), Witness("jwt", token)])
    with pytest.raises(CredentialsMissing) as caught:
        await both.authenticate(request())
    assert caught.value.reason is reason


async def test_one_alone_says_what_is_missing() -> None:
    for method, reason in (("mtls", Reason.CERTIFICATE_MISSING), ("jwt", Reason.TOKEN_MISSING)):
        with pytest.raises(CredentialsMissing) as caught:
            await First([Witness(method, None)]).authenticate(request())
        assert caught.value.reason is reason


def test_each_challenge_is_told_once() -> None:
    several = [
        Witness("a", None, "Bearer"),
        Witness("b", None),
        Witness("c", None, "Basic"),
        Witness("d", None, "Bearer"),
    ]
    assert First(several).challenges == Every(several).challenges == ("Bearer", "Basic")


@pytest.mark.parametrize("together", [First, Every])
def test_one_kind_of_evidence_has_one_judge(together: type[First | Every]) -> None:
    with pytest.raises(ConfigError, match="jwt"):
        together([Witness("jwt", None), Witness("jwt", None)])


def test_what_asks_for_nothing_stands_last_or_not_at_all() -> None:
    nobody = AnonymousAuthenticator("guest")
    assert First([Witness("jwt", None), nobody])
    with pytest.raises(ConfigError, match="last"):
        First([nobody, Witness("jwt", None)])
    with pytest.raises(ConfigError, match="anonymous"):
        Every([nobody, Witness("jwt", None)])


@pytest.mark.parametrize("together", [First, Every])
def test_nobody_to_ask_stops_the_start(together: type[First | Every]) -> None:
    with pytest.raises(ConfigError):
        together([])


# --- from the configuration --------------------------------------------------------------------

MTLS = {"mtls": {"subject": "cn", "allow": ["alice"]}}
JWT = {"jwt": {"issuers": ["bank"]}}
ALICE = certificate()


def door(block: dict[str, Any]) -> First | Every:
    return compile_authenticators(AuthenticateSpec.model_validate(block), {"bank": issuer(BANK)}, clock=Clock(NOW))


def call(*, token: bytes | None = None, shown: Certificate | None = None) -> Request:
    return request(None if token is None else b"Bearer " + token, certificate=shown)


GOOD = BANK.token(good_claims(sub="bob"))


async def test_a_route_may_ask_for_one_kind() -> None:
    assert (await door(JWT).authenticate(call(token=GOOD))).subject == "bob"
    assert (await door(MTLS).authenticate(call(shown=ALICE))).subject == "alice"
    assert (await door({"anonymous": {"subject": "guest"}}).authenticate(call())).subject == "guest"


async def test_a_route_may_ask_for_both() -> None:
    both = door({"all": [MTLS, JWT]})
    principal = await both.authenticate(call(token=GOOD, shown=ALICE))
    assert (principal.subject, principal.others["mtls"].subject) == ("bob", "alice")
    assert principal.certificate is ALICE
    for incomplete in (call(token=GOOD), call(shown=ALICE), call()):
        with pytest.raises(CredentialsMissing):
            await both.authenticate(incomplete)


async def test_a_route_may_take_either_and_a_bad_token_is_final() -> None:
    either = door({"any": [JWT, MTLS, {"anonymous": {}}]})
    assert (await either.authenticate(call(token=GOOD, shown=ALICE))).subject == "bob"
    assert (await either.authenticate(call(shown=ALICE))).subject == "alice"
    assert (await either.authenticate(call())).method == "anonymous"
    with pytest.raises(InvalidToken):
        await either.authenticate(call(token=b"bad", shown=ALICE))


def test_only_a_route_that_takes_tokens_challenges_for_one() -> None:
    assert door(JWT).challenges == door({"all": [MTLS, JWT]}).challenges == ('Bearer realm="ostiary"',)
    assert door(MTLS).challenges == ()


def test_a_dangling_issuer_stops_the_start() -> None:
    with pytest.raises(ConfigError, match="elsewhere"):
        door({"jwt": {"issuers": ["elsewhere"]}})
