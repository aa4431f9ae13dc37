"""When does a proof of possession prove anything? (RFC 9449)"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64decode
from dataclasses import replace
from typing import Any

import pytest
from tests.support.tokens import ABSENT, NOW, Clock, Signer, b64, certificate, good_claims, issuer, request

from ostiary.authn.dpop import url_of
from ostiary.authn.jwt import JwtAuthenticator
from ostiary.authn.memory import Memory, shared_descriptor
from ostiary.authn.rehearsal import rehearsed
from ostiary.errors import InvalidProof, InvalidToken, Unauthenticated
from ostiary.jwks.jwk import read_key
from ostiary.model import Headers, Principal
from ostiary.problem import render
from ostiary.reasons import Reason

BANK = Signer("bank")
MINE, OTHER = Signer(None), Signer(None)
URL = "https://api.example.com/"


def thumbprint(signer: Signer) -> str:
    return read_key(signer.jwk(), frozenset((signer.alg,))).thumbprint


TOKEN = BANK.token(good_claims(cnf={"jkt": thumbprint(MINE)}))


def proof(
    signer: Signer = MINE, *, token: bytes = TOKEN, header: dict[str, Any] | None = None, **changes: Any
) -> bytes:
    claims = {
        "jti": f"j-{next(NUMBERS)}",
        "htm": "GET",
        "htu": URL,
        "iat": NOW,
        "ath": b64(hashlib.sha256(token).digest()),
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not ABSENT}
    public = signer.jwk(kid=None, use=None, alg=None)
    fields = {"typ": "dpop+jwt", "alg": signer.alg, "jwk": public, **(header or {})}
    fields = {name: value for name, value in fields.items() if value is not None}
    return signer.compact(json.dumps(fields), json.dumps(claims))


NUMBERS = iter(range(10**9))


class Stage:
    def __init__(self, **changes: Any) -> None:
        self.clock = Clock(NOW)
        self.bank = issuer(BANK)
        self.authenticator = JwtAuthenticator(
            [self.bank], "when-present", clock=self.clock, **{"dpop": "when-present", **changes}
        )

    async def __aenter__(self) -> Stage:  # noqa: PYI034 - a stage is not derived from
        await self.bank.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.bank.aclose()

    async def ask(self, *proofs: bytes, token: bytes = TOKEN, scheme: bytes = b"DPoP") -> Principal | None:
        fields = [(b"Authorization", scheme + b" " + token), *((b"DPoP", one) for one in proofs)]
        return await self.authenticator.authenticate(request(headers=Headers.of(fields)))

    async def refused(self, *proofs: bytes, token: bytes = TOKEN, scheme: bytes = b"DPoP") -> Reason:
        with pytest.raises(Unauthenticated) as caught:
            await self.ask(*proofs, token=token, scheme=scheme)
        return caught.value.reason


async def test_a_token_with_its_proof_counts() -> None:
    async with Stage() as stage:
        found = await stage.ask(proof())
        assert found is not None
        assert found.subject == "alice"
        assert await stage.ask(proof(), scheme=b"dpop")


@pytest.mark.parametrize("alg", ["ES256", "ES384", "RS256", "PS256", "EdDSA"])
async def test_the_key_may_be_of_any_of_these_kinds(alg: str) -> None:
    signer = Signer(None, alg)
    token = BANK.token(good_claims(cnf={"jkt": thumbprint(signer)}))
    async with Stage() as stage:
        assert await stage.ask(proof(signer, token=token), token=token)


async def test_a_proof_counts_once() -> None:
    async with Stage() as stage:
        one = proof()
        assert await stage.ask(one)
        assert await stage.refused(one) is Reason.PROOF_REPLAYED
        assert await stage.refused(proof(jti=json.loads(_payload(one))["jti"])) is Reason.PROOF_REPLAYED


def _payload(token: bytes) -> bytes:
    middle = token.split(b".")[1]
    return urlsafe_b64decode(middle + b"=" * (-len(middle) % 4))


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "POST"},
        {"htm": "get"},
        {"htm": ABSENT},
        {"htu": "https://api.example.com/other"},
        {"htu": "http://api.example.com/"},
        {"htu": "https://evil.example/"},
        {"htu": ABSENT},
        {"htu": 5},
        {"iat": NOW - 31},
        {"iat": NOW + 31},
        {"iat": 10**400},
        {"iat": -(10**400)},
        {"iat": "now"},
        {"iat": True},
        {"iat": ABSENT},
        {"ath": ABSENT},
        {"ath": b64(hashlib.sha256(b"another token").digest())},
        {"jti": ABSENT},
        {"jti": ""},
        {"jti": 5},
    ],
)
async def test_a_proof_of_something_else_is_none(changes: dict[str, Any]) -> None:
    async with Stage() as stage:
        assert await stage.refused(proof(**changes)) is Reason.PROOF_INVALID


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES384"},
        {"jwk": None},
        {"jwk": {"kty": "oct", "k": "c2VjcmV0"}},
        {"jwk": OTHER.jwk()},
        {"jwk": MINE.private_jwk()},
        {"crit": ["x"]},
    ],
)
async def test_a_proof_with_another_header_is_none(changes: dict[str, Any]) -> None:
    async with Stage() as stage:
        assert await stage.refused(proof(header=changes)) is Reason.PROOF_INVALID


async def test_somebody_else_s_proof_is_none() -> None:
    async with Stage() as stage:
        assert await stage.refused(proof(OTHER)) is Reason.PROOF_INVALID
        forged = proof(OTHER, header={"jwk": MINE.jwk(kid=None, use=None, alg=None)})
        assert await stage.refused(forged) is Reason.PROOF_INVALID


async def test_there_must_be_exactly_one_proof() -> None:
    async with Stage() as stage:
        assert await stage.refused() is Reason.PROOF_MISSING
        assert await stage.refused(proof(), proof()) is Reason.PROOF_MISSING
        assert await stage.refused(b"") is Reason.PROOF_INVALID
        assert await stage.refused(b"x" * 5000) is Reason.PROOF_INVALID


async def test_a_token_of_a_key_is_no_bearer_token() -> None:
    async with Stage() as stage:
        assert await stage.ask(proof())  # it is known now
        assert await stage.refused(scheme=b"Bearer") is Reason.TOKEN_NOT_BOUND_TO_KEY
        assert await stage.refused(proof(), scheme=b"Bearer") is Reason.TOKEN_NOT_BOUND_TO_KEY


async def test_a_bearer_token_is_no_token_of_a_key_and_counts_as_what_it_is() -> None:
    plain = BANK.token()
    async with Stage() as stage:
        assert await stage.refused(proof(token=plain), token=plain) is Reason.TOKEN_NOT_BOUND_TO_KEY
        assert await stage.ask(token=plain, scheme=b"Bearer")
    async with Stage(dpop="required") as strict:
        assert await strict.refused(token=plain, scheme=b"Bearer") is Reason.TOKEN_NOT_BOUND_TO_KEY


async def test_where_it_is_off_a_token_of_a_key_is_refused_and_the_scheme_is_no_evidence() -> None:
    async with Stage(dpop="off") as stage:
        assert await stage.ask(proof()) is None
        assert await stage.refused(scheme=b"Bearer") is Reason.TOKEN_CLAIM_INVALID


@pytest.mark.parametrize("cnf", [{"jkt": "short"}, {"jkt": 5}, {"jkt": thumbprint(MINE), "x5t#S256": "x"}])
async def test_a_confirmation_that_is_not_quite_one_is_refused(cnf: Any) -> None:
    token = BANK.token(good_claims(cnf=cnf))
    async with Stage() as stage:
        assert await stage.refused(proof(token=token), token=token) is Reason.TOKEN_CLAIM_INVALID


async def test_a_nonce_of_ours_is_asked_for_taken_and_outlived() -> None:
    async with Stage(nonce=True) as stage:
        with pytest.raises(InvalidProof) as caught:
            await stage.ask(proof())
        nonce = caught.value.nonce
        assert caught.value.reason is Reason.PROOF_NONCE
        assert await stage.ask(proof(nonce=nonce))
        assert await stage.refused(proof(nonce="made up")) is Reason.PROOF_NONCE
        stage.clock.now += 299
        token = BANK.token(good_claims(cnf={"jkt": thumbprint(MINE)}, exp=NOW + 9000))
        late = {"iat": stage.clock.now, "token": token}
        assert await stage.ask(proof(nonce=nonce, **late), token=token)
        stage.clock.now += 600
        late = {"iat": stage.clock.now, "token": token}
        assert await stage.refused(proof(nonce=nonce, **late), token=token) is Reason.PROOF_NONCE


def test_the_caller_is_told_which_scheme_and_which_nonce() -> None:
    challenges = JwtAuthenticator([issuer(BANK)], "when-present", dpop="when-present").challenges
    assert [one.split()[0] for one in challenges] == ["Bearer", "DPoP"]
    _, headers, _ = render(InvalidProof("x", reason=Reason.PROOF_NONCE, nonce="n-1"), "r1", challenges)
    told = headers.all(b"www-authenticate")
    assert b"error" not in told[0]
    assert b'error="use_dpop_nonce"' in told[1]
    assert headers.get(b"dpop-nonce") == b"n-1"
    _, headers, _ = render(InvalidToken("x"), "r1", challenges)
    assert all(b'error="invalid_token"' in one for one in headers.all(b"www-authenticate"))


def test_the_url_is_the_one_that_was_asked_for() -> None:
    assert url_of(request()) == URL


# --- certificates that have been renewed -------------------------------------------------------


def renewed(began: float, **changes: Any) -> Any:
    return replace(certificate(f"renewed {began} {changes}".encode()), not_before=began, **changes)


async def test_a_bound_token_counts_on_with_the_certificate_that_replaced_its_own() -> None:
    old = certificate(b"old")
    token = BANK.token(good_claims(cnf={"x5t#S256": old.thumbprint}))

    async def shown(authenticator: JwtAuthenticator, cert: Any) -> bool:
        try:
            return await authenticator.authenticate(request(b"Bearer " + token, certificate=cert)) is not None
        except InvalidToken:
            return False

    new = renewed(NOW - 100)
    bank = issuer(BANK)
    await bank.start()
    authenticator = JwtAuthenticator([bank], "required", renewal=3600, clock=Clock(NOW))
    assert not await shown(authenticator, new)  # the old one was never seen here
    assert await shown(authenticator, old)
    assert await shown(authenticator, new)
    assert await shown(authenticator, old)
    for other in (
        renewed(NOW - 3601),  # too long ago
        renewed(NOW + 10),  # not yet
        renewed(NOW - 100, subject="CN=bob"),
        renewed(NOW - 100, issuer="CN=another ca"),
        renewed(NOW - 100, san_uris=("spiffe://example.com/bob",)),
        renewed(NOW - 100, san_upns=("bob@example.com",)),
        None,
    ):
        assert not await shown(authenticator, other)
    strict = JwtAuthenticator([bank], "required", clock=Clock(NOW))
    assert await shown(strict, old)
    assert not await shown(strict, new)
    await bank.aclose()


@pytest.mark.attack(26)
@pytest.mark.parametrize("upns", [(("alice@example.com",), ("mallory@example.com",)), ((), ())], ids=["upn", "nothing"])
async def test_certificates_that_no_subject_tells_apart_do_not_replace_each_other(upns: Any) -> None:
    """With smart cards the subject may be empty; a name that is not read here may be all that differs."""
    alice, mallory = (renewed(NOW - age, subject="", san_upns=one) for age, one in zip((500, 100), upns, strict=True))
    bank = issuer(BANK)
    await bank.start()
    authenticator = JwtAuthenticator([bank], "required", renewal=3600, clock=Clock(NOW))
    token = b"Bearer " + BANK.token(good_claims(cnf={"x5t#S256": alice.thumbprint}))
    assert await authenticator.authenticate(request(token, certificate=alice))
    with pytest.raises(InvalidToken):
        await authenticator.authenticate(request(token, certificate=mallory))
    await bank.aclose()


# --- processes that remember together -------------------------------------------------------------


async def test_what_one_process_has_seen_all_know() -> None:
    descriptor = shared_descriptor()
    one, other, alone = Memory(descriptor), Memory(descriptor), Memory()
    async with Stage(memory=one) as first, Stage(memory=other) as second, Stage(memory=alone) as third:
        shown = proof()
        assert await first.ask(shown)
        assert await second.refused(shown) is Reason.PROOF_REPLAYED
        assert await third.ask(shown)
    os.close(descriptor)


async def test_a_nonce_of_one_process_counts_for_all() -> None:
    descriptor = shared_descriptor()
    async with (
        Stage(memory=Memory(descriptor), nonce=True) as first,
        Stage(memory=Memory(descriptor), nonce=True) as second,
        Stage(nonce=True) as stranger,
    ):
        with pytest.raises(InvalidProof) as caught:
            await first.ask(proof())
        assert await second.ask(proof(nonce=caught.value.nonce))
        assert await stranger.refused(proof(nonce=caught.value.nonce)) is Reason.PROOF_NONCE
    os.close(descriptor)


async def test_a_certificate_that_one_process_has_seen_may_be_replaced_before_any() -> None:
    descriptor = shared_descriptor()
    old, new = certificate(b"old"), renewed(NOW - 100)
    token = BANK.token(good_claims(cnf={"x5t#S256": old.thumbprint}))
    bank = issuer(BANK)
    await bank.start()
    first, second, alone = (
        JwtAuthenticator([bank], "required", renewal=3600, clock=Clock(NOW), memory=memory)
        for memory in (Memory(descriptor), Memory(descriptor), Memory())
    )
    assert await first.authenticate(request(b"Bearer " + token, certificate=old))
    for _ in range(2):
        assert await second.authenticate(request(b"Bearer " + token, certificate=new))
        with pytest.raises(InvalidToken):
            await alone.authenticate(request(b"Bearer " + token, certificate=new))
    with pytest.raises(InvalidToken):
        await second.authenticate(request(b"Bearer " + token, certificate=renewed(NOW - 90, subject="CN=mallory")))
    await bank.aclose()
    os.close(descriptor)


async def test_what_is_only_talked_about_is_not_remembered() -> None:
    old, new = certificate(b"old"), renewed(NOW - 100)
    token = BANK.token(good_claims(cnf={"x5t#S256": old.thumbprint}))
    bank = issuer(BANK)
    await bank.start()
    authenticator = JwtAuthenticator([bank], "required", renewal=3600, clock=Clock(NOW))
    with rehearsed():
        assert await authenticator.authenticate(request(b"Bearer " + token, certificate=old))
    with pytest.raises(InvalidToken):
        await authenticator.authenticate(request(b"Bearer " + token, certificate=new))
    await bank.aclose()
