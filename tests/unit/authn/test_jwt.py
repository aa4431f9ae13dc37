"""Whom does a bearer token stand for, and what is remembered of it?"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tokens import (
    ABSENT,
    AUDIENCE,
    ISSUER,
    NOW,
    Clock,
    Shelf,
    Signer,
    certificate,
    good_claims,
    issuer,
    key_set,
    request,
)

from ostiary.authn.bound import Binding
from ostiary.authn.claims import Validity
from ostiary.authn.jwt import JwtAuthenticator, compile_jwt
from ostiary.authn.verified import Verified, VerifiedTokens
from ostiary.config.schema import JwtSpec
from ostiary.errors import ConfigError, GatewayError, InvalidToken, KeysUnavailable
from ostiary.jwks import Issuer, Key
from ostiary.model import Certificate, Headers, Principal
from ostiary.reasons import Reason

BANK, OTHER = Signer("bank-1"), Signer("other-1")
OTHER_ISSUER = "https://other.example.com/"
COOLDOWN = 10.0


class Door:
    """An authenticator of one or more issuers, with a clock that moves."""

    def __init__(self, *issuers: Issuer, bound: Binding = "when-present") -> None:
        self.clock = Clock(NOW)
        self.judge = JwtAuthenticator(issuers or (issuer(BANK),), bound, clock=self.clock)

    async def who(self, token: bytes, shown: Certificate | None = None) -> Principal:
        principal = await self.judge.authenticate(request(b"Bearer " + token, certificate=shown))
        assert principal is not None
        return principal

    async def refused(self, token: bytes, shown: Certificate | None = None) -> Reason:
        with pytest.raises(InvalidToken) as caught:
            await self.who(token, shown)
        return caught.value.reason


def token(signer: Signer = BANK, header: dict[str, Any] | None = None, **claims: Any) -> bytes:
    return signer.token(good_claims(**claims), **(header or {}))


async def test_a_good_token_stands_for_its_subject() -> None:
    raw = token(tenantId="t1", environmentId="e1", permissions={"accounts": ["read"]}, scope="a b")
    principal = await Door().who(raw)
    assert (principal.subject, principal.issuer, principal.method) == ("alice", "bank", "jwt")
    assert (principal.tenant, principal.environment) == ("t1", "e1")
    assert (principal.permissions, principal.scopes) == ({"accounts": ["read"]}, "a b")
    assert principal.claims["aud"] == AUDIENCE
    assert principal.expires == NOW + 300 + 30


async def test_claims_cannot_be_changed_by_whoever_reads_them() -> None:
    principal = await Door().who(token())
    with pytest.raises(TypeError):
        principal.claims["sub"] = "admin"  # type: ignore[index]


async def test_claims_are_read_under_the_issuer_s_own_names() -> None:
    names = {"subject": "email", "tenant": "org", "environment": "stage", "permissions": "may", "scope": "scp"}
    raw = token(email="a@example.com", org="t1", stage="e1", may={"x": ["y"]}, scp=["a"], tenantId="wrong")
    principal = await Door(issuer(BANK, claims=names)).who(raw)
    assert (principal.subject, principal.tenant, principal.environment) == ("a@example.com", "t1", "e1")
    assert (principal.permissions, principal.scopes) == ({"x": ["y"]}, ["a"])


@pytest.mark.parametrize("tenant", [None, 5, True, ["t1"], {"t1": 1}, ""])
async def test_a_tenant_that_is_not_text_is_no_tenant(tenant: Any) -> None:
    assert (await Door().who(token(tenantId=tenant, environmentId=tenant))).tenant is None


async def test_no_bearer_token_is_no_evidence() -> None:
    for authorization in (None, b"Basic YTpi"):
        assert await Door().judge.authenticate(request(authorization)) is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"opaque", Reason.TOKEN_MALFORMED),
        (BANK.compact(json.dumps(BANK.header()), "[]"), Reason.TOKEN_MALFORMED),
        (token(iss=ABSENT), Reason.TOKEN_ISSUER_UNKNOWN),
        (token(iss=OTHER_ISSUER), Reason.TOKEN_ISSUER_UNKNOWN),
        (token(iss=[ISSUER]), Reason.TOKEN_ISSUER_UNKNOWN),
        (token(iss=None), Reason.TOKEN_ISSUER_UNKNOWN),
        (token(iss={"a": 1}), Reason.TOKEN_ISSUER_UNKNOWN),
        (token(iss=ISSUER + "/"), Reason.TOKEN_ISSUER_UNKNOWN),
        (token(iss=ISSUER.upper()), Reason.TOKEN_ISSUER_UNKNOWN),
        (token(iss=ISSUER[:-1]), Reason.TOKEN_ISSUER_UNKNOWN),
        (token(iss=ISSUER + "2"), Reason.TOKEN_ISSUER_UNKNOWN),
        (token(header={"typ": "logout+jwt"}), Reason.TOKEN_TYPE_NOT_ALLOWED),
        (token(header={"alg": "HS256"}), Reason.TOKEN_ALGORITHM_NOT_ALLOWED),
        (token(header={"alg": "none"}), Reason.TOKEN_ALGORITHM_NOT_ALLOWED),
        (token(header={"alg": "ES384"}), Reason.TOKEN_ALGORITHM_NOT_ALLOWED),
        (token(header={"kid": "unknown"}), Reason.TOKEN_KEY_UNKNOWN),
        (token(OTHER, header={"kid": "bank-1"}), Reason.TOKEN_SIGNATURE_INVALID),
        (token(aud="other"), Reason.TOKEN_AUDIENCE_MISMATCH),
        (token(exp=NOW - 31), Reason.TOKEN_EXPIRED),
        (token(nbf=NOW + 31), Reason.TOKEN_NOT_YET_VALID),
        (token(sub=ABSENT), Reason.TOKEN_CLAIM_MISSING),
        (token(sub="a\r\nb"), Reason.TOKEN_CLAIM_INVALID),
        (token(pad="x" * 8192), Reason.TOKEN_TOO_LARGE),
    ],
)
async def test_each_fault_has_its_own_reason(raw: bytes, reason: Reason) -> None:
    assert await Door().refused(raw) is reason


async def test_a_token_without_key_id_counts_where_one_key_fits() -> None:
    raw = token(header={"kid": None})
    assert await Door().who(raw)
    assert await Door(issuer(BANK, OTHER)).refused(raw) is Reason.TOKEN_KEY_UNKNOWN


async def test_the_size_allowed_is_that_of_the_token_s_issuer() -> None:
    small = issuer(BANK, max_token="256B")
    large = issuer(OTHER, name="other", issuer=OTHER_ISSUER)
    assert await Door(small, large).refused(token()) is Reason.TOKEN_TOO_LARGE
    assert await Door(small, large).who(token(OTHER, iss=OTHER_ISSUER))


@pytest.mark.attack(13)
async def test_an_issuer_s_key_does_not_sign_for_another_issuer() -> None:
    door = Door(issuer(BANK), issuer(OTHER, name="other", issuer=OTHER_ISSUER))
    assert (await door.who(token(OTHER, iss=OTHER_ISSUER))).issuer == "other"
    assert await door.refused(token(OTHER)) is Reason.TOKEN_KEY_UNKNOWN
    assert await door.refused(token(OTHER, header={"kid": "bank-1"})) is Reason.TOKEN_SIGNATURE_INVALID


@pytest.mark.attack(14)
async def test_an_issuer_s_audiences_do_not_count_for_another_issuer() -> None:
    other = issuer(OTHER, name="other", issuer=OTHER_ISSUER, audiences=["elsewhere"])
    door = Door(issuer(BANK), other)
    assert await door.refused(token(OTHER, iss=OTHER_ISSUER)) is Reason.TOKEN_AUDIENCE_MISMATCH
    assert await door.refused(token(aud="elsewhere")) is Reason.TOKEN_AUDIENCE_MISMATCH
    assert await door.who(token(OTHER, iss=OTHER_ISSUER, aud="elsewhere"))


@pytest.mark.attack(6)
async def test_urls_in_the_header_are_never_fetched() -> None:
    asked = []

    async def listen(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(writer.get_extra_info("peername"))
        writer.close()

    canary = await asyncio.start_server(listen, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{canary.sockets[0].getsockname()[1]}/jwks"
    mallory = Signer("mallory")
    for header in (
        {"jku": url},
        {"x5u": url},
        {"jwk": mallory.jwk()},
        {"x5c": ["MIIB"]},
        {"kid": url},
        {"jku": "file:///etc/passwd"},
    ):
        await Door().refused(token(mallory, header=header))
    assert (await Door().who(token(header={"jku": url, "x5u": url}))).subject == "alice"
    await asyncio.sleep(0.05)
    canary.close()
    assert asked == []


# --- what is remembered ------------------------------------------------------------------------


async def test_a_token_is_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    door, raw = Door(), token()
    first = await door.who(raw)
    monkeypatch.setattr("ostiary.authn.jwt.verify", pytest.fail)
    assert await door.who(raw) is first


async def test_a_known_token_waits_for_nothing() -> None:
    door, raw = Door(), token()
    await door.who(raw)
    with pytest.raises(StopIteration):
        door.judge.authenticate(request(b"Bearer " + raw)).send(None)


async def test_a_bad_token_is_not_remembered() -> None:
    door = Door()
    await door.refused(token(header={"kid": "unknown"}))
    assert len(door.judge._known) == 0


async def test_a_known_token_expires_on_time() -> None:
    door, raw = Door(), token(exp=NOW + 5)
    await door.who(raw)
    door.clock.now = NOW + 34.9
    await door.who(raw)
    door.clock.now = NOW + 35
    assert await door.refused(raw) is Reason.TOKEN_EXPIRED
    assert len(door.judge._known) == 0


async def test_a_known_token_is_not_yet_valid_when_the_clock_is_set_back() -> None:
    door, raw = Door(), token(nbf=NOW)
    await door.who(raw)
    door.clock.now = NOW - 31
    assert await door.refused(raw) is Reason.TOKEN_NOT_YET_VALID


@pytest.mark.attack(12)
async def test_a_known_token_is_dropped_with_its_key() -> None:
    clock, shelf = Clock(), Shelf(key_set(BANK, OTHER))
    door, raw = Door(issuer(clock=clock, shelf=shelf)), token()
    await door.who(raw)
    clock.now += COOLDOWN
    shelf.document = key_set(OTHER)
    await door.refused(token(header={"kid": "new"}))
    assert await door.refused(raw) is Reason.TOKEN_KEY_UNKNOWN


async def test_a_known_token_is_judged_anew_when_its_key_id_got_another_key() -> None:
    clock, shelf = Clock(), Shelf(key_set(BANK))
    door, raw = Door(issuer(clock=clock, shelf=shelf)), token()
    await door.who(raw)
    clock.now += COOLDOWN
    shelf.document = key_set(Signer("bank-1"))
    await door.refused(token(header={"kid": "new"}))
    assert await door.refused(raw) is Reason.TOKEN_SIGNATURE_INVALID


async def test_a_known_token_stays_known_when_its_key_stays() -> None:
    clock, shelf = Clock(), Shelf(key_set(BANK))
    door, raw = Door(issuer(clock=clock, shelf=shelf)), token()
    first = await door.who(raw)
    clock.now += COOLDOWN
    shelf.document = key_set(OTHER, BANK)
    await door.who(token(OTHER))
    assert await door.who(raw) is first


async def test_a_known_token_is_503_once_its_issuer_was_away_too_long() -> None:
    clock = Clock()
    shelf = Shelf(key_set(BANK))
    door = Door(issuer(clock=clock, shelf=shelf, keys={"refresh": "1m", "max_stale": "1h"}))
    raw = token(exp=NOW + 10**6)
    await door.who(raw)
    shelf.document = None
    clock.now += 3660
    with pytest.raises(KeysUnavailable) as caught:
        await door.who(raw)
    assert caught.value.retry_after is not None


@pytest.mark.attack(25)
async def test_the_same_token_is_judged_for_each_route_alone() -> None:
    raw = token()
    assert await Door().who(raw)
    assert await Door(issuer(BANK, audiences=["another"])).refused(raw) is Reason.TOKEN_AUDIENCE_MISMATCH
    assert await Door(issuer(OTHER)).refused(raw) is Reason.TOKEN_KEY_UNKNOWN


async def test_one_changed_octet_makes_another_token() -> None:
    door, raw = Door(), token()
    await door.who(raw)
    for at in range(0, len(raw), 7):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(GatewayError):
            await door.who(changed)


@pytest.mark.attack(26)
async def test_a_bound_token_is_checked_for_every_connection_known_or_not() -> None:
    mine = certificate(b"mine")
    door, raw = Door(), token(cnf={"x5t#S256": mine.thumbprint})
    assert await door.refused(raw) is Reason.TOKEN_NOT_BOUND
    assert await door.who(raw, mine)
    assert await door.refused(raw) is Reason.TOKEN_NOT_BOUND
    assert await door.refused(raw, certificate(b"other")) is Reason.TOKEN_NOT_BOUND
    assert await door.who(raw, mine)


async def test_where_binding_is_required_a_plain_token_is_refused() -> None:
    assert await Door(bound="required").refused(token(), certificate()) is Reason.TOKEN_NOT_BOUND


def known(subject: str, size: int) -> Verified:
    key: Key = None  # type: ignore[assignment] - never asked here
    principal = Principal(subject=subject, issuer="bank", method="jwt")
    return Verified(principal, Validity(0, 2e9), None, issuer(BANK), key, size)


def test_memory_is_bounded_in_octets_and_in_number() -> None:
    tokens = VerifiedTokens(octets=64 << 10)
    for number in range(1000):
        tokens.put(b"%d" % number, known("small", 10))
    assert len(tokens) == 32  # each counts for at least 2 KiB
    tokens.put(b"large", known("large", 8 << 10))
    assert len(tokens) == 17
    tokens.put(b"too large to keep", known("huge", 1 << 20))
    assert len(tokens) == 17
    assert tokens.evictions == 1001 - 17


async def test_how_often_a_token_was_known_is_counted() -> None:
    door = Door()
    good = token()
    for _ in range(3):
        await door.who(good)
    await door.refused(token(exp=NOW - 100))
    door.clock.now += 10_000
    await door.refused(good)
    assert (door.judge.known.hits, door.judge.known.misses) == (2, 3)


# --- configuration -----------------------------------------------------------------------------


def test_issuers_that_cannot_be_told_apart_stop_the_start() -> None:
    with pytest.raises(ConfigError, match="same `issuer`"):
        Door(issuer(BANK), issuer(OTHER, name="twin"))


def test_an_issuer_that_is_not_defined_stops_the_start() -> None:
    spec = JwtSpec.model_validate({"issuers": ["bank", "bnak"]})
    with pytest.raises(ConfigError, match="bnak"):
        compile_jwt(spec, {"bank": issuer(BANK)})


async def test_an_issuer_named_twice_is_one() -> None:
    spec = JwtSpec.model_validate({"issuers": ["bank", "bank"]})
    judge = compile_jwt(spec, {"bank": issuer(BANK)}, Clock(NOW))
    assert await judge.authenticate(request(b"Bearer " + token()))


# --- decisions never leak ----------------------------------------------------------------------

SIGNERS = {"bank": BANK, "other": OTHER}
IDENTIFIERS = {"bank": ISSUER, "other": OTHER_ISSUER}


@pytest.mark.attack(25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["bank", "other"]),  # who signs
            st.sampled_from(["bank", "other"]),  # who is named as issuer
            st.sampled_from(["a", "b", "c"]),  # the audience
            st.sampled_from([0, 1, 2]),  # the route
        ),
        min_size=1,
        max_size=12,
    )
)
def test_what_was_decided_before_never_decides_for_another_route(asked: list[tuple[str, str, str, int]]) -> None:
    accepts = [{"bank": "a"}, {"bank": "b", "other": "a"}, {"other": "c"}]
    doors = [
        Door(
            *(
                issuer(SIGNERS[name], name=name, issuer=IDENTIFIERS[name], audiences=[aud])
                for name, aud in route.items()
            )
        )
        for route in accepts
    ]

    async def ask() -> None:
        for signer, named, audience, route in asked:
            raw = FIXED[signer, named, audience]
            expected = signer == named and accepts[route].get(named) == audience
            try:
                principal = await doors[route].who(raw)
            except InvalidToken:
                assert not expected
            else:
                assert expected
                assert principal.issuer == named

    asyncio.run(ask())


FIXED = {
    (signer, named, audience): token(SIGNERS[signer], iss=IDENTIFIERS[named], aud=audience)
    for signer in SIGNERS
    for named in SIGNERS
    for audience in ("a", "b", "c")
}


async def test_octets_that_are_no_header_text_are_refused_too() -> None:
    door = Door()
    for raw in (b"\xff\xfe.\x00.\x01", b"a.b.c\x7f", b"a b.c.d", b"a.b.c "):
        assert await door.refused(raw) is Reason.TOKEN_MALFORMED
    assert await door.judge.authenticate(request(headers=Headers.of([]))) is None
