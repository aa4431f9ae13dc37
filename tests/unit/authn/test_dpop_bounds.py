"""Where does a proof of possession begin to count, and where does it end: in time, in place, in memory? (RFC 9449)"""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.tokens import NOW, Clock, Signer, good_claims, request
from tests.unit.authn.test_dpop import BANK, MINE, TOKEN, Stage, proof, thumbprint

from ostiary.authn.bound import Confirmation, read_confirmation
from ostiary.authn.dpop import Nonces, url_of
from ostiary.authn.memory import Memory, Use
from ostiary.errors import InvalidProof, InvalidToken
from ostiary.model import Headers, Request
from ostiary.reasons import Reason


def asked_for(url: str, *fields: tuple[bytes, bytes]) -> Request:
    """Return a request for a URL."""
    asked = request(headers=Headers.of(fields))
    asked.scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    asked.authority, asked.target = authority.encode(), f"/{path}".encode()
    return asked


@pytest.mark.parametrize("away", [-30, 30])
async def test_the_window_of_a_proof_is_exact(away: int) -> None:
    async with Stage() as stage:
        assert await stage.ask(proof(iat=NOW + away))
        assert await stage.refused(proof(iat=NOW + away * 1.0001)) is Reason.PROOF_INVALID


async def test_a_proof_is_known_for_as_long_as_it_could_be_shown() -> None:
    async with Stage() as stage:
        early = proof(iat=NOW + 30)
        assert await stage.ask(early)
        stage.clock.now = NOW + 60
        assert await stage.refused(early) is Reason.PROOF_REPLAYED
        stage.clock.now = NOW + 61
        assert await stage.refused(early) is Reason.PROOF_INVALID


async def test_a_clock_that_is_set_back_makes_no_proof_new() -> None:
    async with Stage() as stage:
        one = proof()
        assert await stage.ask(one)
        stage.clock.now = NOW - 25
        assert await stage.refused(one) is Reason.PROOF_REPLAYED


class Elsewhere:
    """What other gateways are asked."""

    def __init__(self, *, new: bool = True) -> None:
        self.asked: list[tuple[float, float]] = []
        self.new = new

    async def use(self, mark: bytes, *, keep: float, before: float) -> bool:
        self.asked.append((keep, before))
        return self.new


async def test_other_gateways_are_told_since_when_and_for_how_long_a_proof_could_be_used() -> None:
    marks = Elsewhere()
    async with Stage(marks=marks) as stage:
        assert await stage.ask(proof(iat=NOW - 10))
        assert marks.asked == [(61.0, NOW - 40)]


async def test_a_proof_that_was_shown_at_another_gateway_does_not_count_here() -> None:
    marks = Elsewhere(new=False)
    async with Stage(marks=marks) as stage:
        one = proof()
        assert await stage.refused(one) is Reason.PROOF_REPLAYED
        assert await stage.refused(one) is Reason.PROOF_REPLAYED
        assert len(marks.asked) == 1, "it is known here now"


class Full(Memory):
    """A memory without a place left."""

    def use(self, mark: bytes, *, now: float, until: float, rehearsal: bool = False) -> Use:
        return "full"


async def test_what_cannot_be_remembered_does_not_count() -> None:
    async with Stage(memory=Full()) as stage:
        assert await stage.refused(proof()) is Reason.PROOF_REPLAYED


@pytest.mark.parametrize("value", [b"Basic YTpi", b"Bear er", b"DPoPx a.b.c", b"DPoP", b"dpop\ta.b.c", b"DPoP  a.b.c"])
async def test_another_scheme_is_no_evidence(value: bytes) -> None:
    async with Stage(dpop="required") as stage:
        asked = request(headers=Headers.of([(b"Authorization", value), (b"DPoP", proof())]))
        assert await stage.authenticator.authenticate(asked) is None
        assert await stage.authenticator.authenticate(request(headers=Headers.of([(b"DPoP", proof())]))) is None


def test_the_url_that_was_asked_for_has_no_query() -> None:
    assert url_of(asked_for("https://a.example/a/b?c=d?e")) == "https://a.example/a/b"
    assert url_of(asked_for("https://a.example/%C3%A9?")) == "https://a.example/%C3%A9"
    assert url_of(asked_for("http://a:8080/")) == "http://a:8080/"


SAME = [
    ("https://a.example:443/", "https://a.example/"),
    ("https://a.example/", "HTTPS://A.Example:443"),
    ("http://a.example:80/", "HTTP://A.example"),
    ("https://a.example/b/c", "https://a.example/b/c?d#e"),
    ("https://a.example/b/c?x", "https://a.example/b/c#d?e"),
    ("https://a.example/", "https://a.example?x"),
    ("https://a.example/", "https://a.example#x"),
    ("https://a.example/b/://c", "https://a.example/b/://c"),
]
ANOTHER = [
    ("http://a.example:443/", "http://a.example/"),
    ("https://a.example:80/", "https://a.example/"),
    ("https://a.example/", "http://a.example/"),
    ("https://a.example/", "https://a.example:8443/"),
    ("https://a.example/", "https://a.example./"),
    ("https://a.example/", "https://a.example//"),
    ("https://a.example/", "https://user@a.example/"),
    ("https://a.example/", "https://a.example:443:443/"),
    ("https://a.example/", "https:/a.example/"),
    ("https://a.example/", "//a.example/"),
    ("https://a.example/", ""),
    ("https://a.example/", "/"),
    ("https://a.example/B", "https://a.example/b"),
    ("https://a.example/b/c", "https://a.example/b"),
    ("https://a.example/b/", "https://a.example/b"),
]


async def counts(asked: str, htu: str) -> bool:
    shown = asked_for(asked, (b"Authorization", b"DPoP " + TOKEN), (b"DPoP", proof(htu=htu)))
    async with Stage() as stage:
        try:
            return await stage.authenticator.authenticate(shown) is not None
        except InvalidProof:
            return False


@pytest.mark.parametrize(("asked", "htu"), SAME)
async def test_a_place_may_be_written_as_rfc_3986_allows(asked: str, htu: str) -> None:
    assert await counts(asked, htu)


@pytest.mark.parametrize(("asked", "htu"), ANOTHER)
async def test_another_place_is_another_place(asked: str, htu: str) -> None:
    assert not await counts(asked, htu)


def test_a_nonce_counts_in_its_own_five_minutes_and_the_next() -> None:
    now = NOW // 300 * 300
    clock = Clock(now)
    nonces = Nonces(clock, b"secret")
    given, older = nonces.current(), Nonces(Clock(now - 1), b"secret").current()
    assert len(given) == 24
    for age, known in ((0, [given, older]), (299, [given, older]), (300, [given]), (599, [given]), (600, [])):
        clock.now = now + age
        for one in (given, older):
            if one in known:
                nonces.check(one)
            else:
                with pytest.raises(InvalidProof):
                    nonces.check(one)


def test_a_nonce_that_was_not_given_out_yet_is_none() -> None:
    coming = Nonces(Clock(NOW + 300), b"secret").current()
    with pytest.raises(InvalidProof):
        Nonces(Clock(NOW), b"secret").check(coming)


@pytest.mark.parametrize("shown", [None, 5, True, "", "\u00e9", [], {}])
async def test_what_is_no_text_of_ours_is_no_nonce(shown: Any) -> None:
    async with Stage(nonce=True) as stage:
        assert await stage.refused(proof(nonce=shown)) is Reason.PROOF_NONCE


@pytest.mark.parametrize("payload", [b"[]", b"{", b"", b'{"jti": "a", "jti": "b"}', b'{"iat": NaN}', b"\xff"])
async def test_a_proof_without_readable_claims_is_none(payload: bytes) -> None:
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": MINE.jwk(kid=None, use=None, alg=None)}
    async with Stage() as stage:
        assert await stage.refused(MINE.compact(json.dumps(header), payload)) is Reason.PROOF_INVALID


async def test_an_algorithm_that_we_do_not_offer_is_refused() -> None:
    signer = Signer(None, "ES512")
    token = BANK.token(good_claims(cnf={"jkt": thumbprint(signer)}))
    async with Stage() as stage:
        assert await stage.refused(proof(signer, token=token), token=token) is Reason.PROOF_INVALID


CERTIFICATE = {"x5t#S256": "A" * 43}
KEY = {"jkt": thumbprint(MINE)}


@pytest.mark.parametrize(
    ("cnf", "bound", "dpop", "demands"),
    [
        (KEY, "when-present", "when-present", Confirmation(key=KEY["jkt"])),
        (KEY, "when-present", "required", Confirmation(key=KEY["jkt"])),
        (KEY, "ignore", "when-present", Confirmation(key=KEY["jkt"])),
        (KEY, "required", "when-present", Reason.TOKEN_NOT_BOUND),
        (KEY, "required", "required", Reason.TOKEN_NOT_BOUND),
        (KEY, "when-present", "off", Reason.TOKEN_CLAIM_INVALID),
        (CERTIFICATE, "when-present", "when-present", Confirmation(certificate="A" * 43)),
        (CERTIFICATE, "required", "when-present", Confirmation(certificate="A" * 43)),
        (CERTIFICATE, "when-present", "required", Reason.TOKEN_NOT_BOUND_TO_KEY),
        ({**CERTIFICATE, **KEY}, "when-present", "when-present", Reason.TOKEN_CLAIM_INVALID),
        (None, "when-present", "when-present", None),
        (None, "required", "when-present", Reason.TOKEN_NOT_BOUND),
        (None, "when-present", "required", Reason.TOKEN_NOT_BOUND_TO_KEY),
        ("jkt", "when-present", "when-present", Reason.TOKEN_CLAIM_INVALID),
        (["jkt"], "when-present", "required", Reason.TOKEN_NOT_BOUND_TO_KEY),
    ],
)
def test_what_a_token_demands_and_whether_that_is_enough(cnf: Any, bound: Any, dpop: Any, demands: Any) -> None:
    claims = {} if cnf is None else {"cnf": cnf}
    try:
        assert read_confirmation(claims, bound, dpop) == demands
    except InvalidToken as error:
        assert error.reason is demands  # noqa: PT017 - both are answers
