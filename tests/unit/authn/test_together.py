"""Who do several principals make together, for how long is that remembered, and who of them is revoked?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.tokens import certificate, request
from tests.unit.authn.test_compose import CERTIFIED, TOKEN, Witness, somebody

from ostiary.authn import compose
from ostiary.authn.compose import Every, First
from ostiary.authn.unrevoked import Unrevoked
from ostiary.errors import CredentialsMissing, Unauthenticated
from ostiary.model import Certificate, Principal

ENDLESS = somebody("api_key")


async def joined(*principals: Principal) -> Principal:
    return await Every([Witness(one.method, one) for one in principals]).authenticate(request())


@pytest.mark.parametrize(
    ("principals", "expires"),
    [
        ((CERTIFIED, TOKEN), 400.0),
        ((TOKEN, CERTIFIED), 400.0),
        ((ENDLESS, TOKEN), 400.0),
        ((TOKEN, ENDLESS), 400.0),
        ((ENDLESS, somebody("basic")), None),
        ((replace(TOKEN, expires=0.0), ENDLESS), 0.0),
    ],
)
async def test_they_end_with_the_first_that_ends_at_all(
    principals: tuple[Principal, ...], expires: float | None
) -> None:
    assert (await joined(*principals)).expires == expires


async def test_the_same_ones_make_the_same_one() -> None:
    mtls, jwt = Witness("mtls", CERTIFIED), Witness("jwt", TOKEN)
    every = Every([mtls, jwt])
    first = await every.authenticate(request())
    assert await every.authenticate(request()) is first
    jwt.answer = replace(TOKEN)
    second = await every.authenticate(request())
    assert second is not first
    jwt.answer = TOKEN
    assert await every.authenticate(request()) is first


async def test_another_certificate_beside_the_same_token_makes_another_one() -> None:
    mtls = Witness("mtls", CERTIFIED)
    every = Every([mtls, Witness("jwt", TOKEN)])
    assert (await every.authenticate(request())).others["mtls"] is CERTIFIED
    mtls.answer = other = replace(CERTIFIED, subject="somebody else")
    assert (await every.authenticate(request())).others["mtls"] is other


async def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "_REMEMBERED", 4)
    jwt = Witness("jwt", TOKEN)
    every = Every([Witness("mtls", CERTIFIED), jwt])
    for number in range(20):
        jwt.answer = somebody("jwt", tenant=str(number))
        assert (await every.authenticate(request())).tenant == str(number)
        assert len(every._memory) <= 4


def test_the_authenticators_can_be_seen_in_their_order() -> None:
    witnesses = Witness("mtls", CERTIFIED), Witness("jwt", TOKEN)
    for kind in (First, Every):
        assert kind(witnesses).each == witnesses
        assert Unrevoked(kind(witnesses), Register()).each == witnesses


class Register:
    """A list of what is revoked, and what it was asked."""

    def __init__(self, *revoked: str) -> None:
        self.revoked = revoked
        self.asked: list[tuple[str, Certificate | None]] = []

    def check(self, principal: Principal, certificate: Certificate | None) -> None:
        self.asked.append((principal.subject, certificate))
        if principal.subject in self.revoked:
            raise Unauthenticated("revoked")


async def test_whoever_is_revoked_is_refused_with_every_request() -> None:
    register = Register()
    guarded = Unrevoked(First([Witness("jwt", TOKEN)]), register)
    shown = certificate()
    assert await guarded.authenticate(request(certificate=shown)) is TOKEN
    register.revoked = (TOKEN.subject,)
    with pytest.raises(Unauthenticated):
        await guarded.authenticate(request())
    assert register.asked == [(TOKEN.subject, shown), (TOKEN.subject, None)]


async def test_who_is_not_proven_is_not_looked_up() -> None:
    register = Register()
    with pytest.raises(CredentialsMissing):
        await Unrevoked(First([Witness("jwt", None)]), register).authenticate(request())
    assert register.asked == []


async def test_the_list_stays_around_others_of_the_same_kind() -> None:
    register, other = Register(), Register("jwt-subject")
    guarded = Unrevoked(Every([Witness("jwt", TOKEN, "Bearer")]), register)
    assert guarded.challenges == ("Bearer",)
    assert guarded.revocations is register
    again = guarded.over([Witness("jwt", TOKEN)], other)
    assert isinstance(again._inner, Every)
    with pytest.raises(Unauthenticated):
        await again.authenticate(request())
