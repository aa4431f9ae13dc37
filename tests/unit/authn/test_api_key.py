"""Whose is an API key?"""

from __future__ import annotations

import pytest
from tests.support.records import Record
from tests.support.tokens import request

from ostiary.authn.api_key import ApiKeyAuthenticator, digest_of, new_key
from ostiary.errors import BadRequest, CredentialUnavailable, InvalidKey
from ostiary.model import Headers, Principal
from ostiary.reasons import Reason

KEY, DIGEST = new_key()
OTHER, OTHER_DIGEST = new_key()


def unnamed(_: object) -> str:
    """The keys are new in each run: tests are not named after them."""
    return "value"


def robot() -> Record:
    return Record("robot", "robot-7", DIGEST)


async def ask(authenticator: ApiKeyAuthenticator, key: str, header: bytes = b"Authorization") -> Principal | None:
    value = f"Bearer {key}" if header == b"Authorization" else key
    return await authenticator.authenticate(request(headers=Headers.of([(header, value.encode())])))


async def test_a_key_is_its_record_s() -> None:
    found = await ask(ApiKeyAuthenticator([Record("x", "x", OTHER_DIGEST), robot()], b"Authorization"), KEY)
    assert found is not None
    assert (found.subject, found.issuer, found.method) == ("robot-7", "robot", "api_key")


async def test_in_a_header_of_its_own_it_stands_alone() -> None:
    authenticator = ApiKeyAuthenticator([robot()], b"X-API-Key")
    found = await ask(authenticator, KEY, b"x_api.key")
    assert found is not None
    assert authenticator.challenge is None
    assert await authenticator.authenticate(request(b"Bearer " + KEY.encode())) is None


async def test_all_of_them_can_be_one_user() -> None:
    found = await ask(ApiKeyAuthenticator([robot()], b"Authorization", "admin"), KEY)
    assert found is not None
    assert found.subject == "admin"


@pytest.mark.attack(28)
@pytest.mark.parametrize("key", [OTHER, KEY[:-1], KEY + "x", DIGEST, "a", "x" * 2000, KEY.upper()], ids=unnamed)
async def test_any_other_is_nobody_s(key: str) -> None:
    with pytest.raises(InvalidKey) as caught:
        await ask(ApiKeyAuthenticator([robot()], b"Authorization"), key)
    assert caught.value.reason is Reason.API_KEY_INVALID
    assert key not in str(caught.value) or len(key) < 3


async def test_two_are_valid_while_one_takes_over_from_the_other() -> None:
    record = robot()
    authenticator = ApiKeyAuthenticator([record], b"Authorization")
    assert await ask(authenticator, KEY)
    record.put("robot-7", f"{DIGEST}\n{OTHER_DIGEST}\n")
    assert await ask(authenticator, KEY)
    assert await ask(authenticator, OTHER)
    record.put("robot-7", OTHER_DIGEST)
    assert await ask(authenticator, OTHER)
    with pytest.raises(InvalidKey):
        await ask(authenticator, KEY)


@pytest.mark.parametrize("kept", [KEY, f"{DIGEST} {KEY}", "", "sha256:short", "md5:" + "a" * 43], ids=unnamed)
async def test_a_record_without_digests_is_unusable_and_not_compared(kept: str) -> None:
    with pytest.raises(CredentialUnavailable) as caught:
        await ask(ApiKeyAuthenticator([Record("robot", "r", kept)], b"Authorization"), KEY)
    assert caught.value.reason is Reason.CREDENTIAL_UNUSABLE
    assert KEY not in str(caught.value)


async def test_while_a_record_cannot_be_had_the_others_count_and_a_key_may_be_its() -> None:
    away = Record("away", "away", OTHER_DIGEST)
    away.available = False
    authenticator = ApiKeyAuthenticator([away, robot()], b"Authorization")
    assert await ask(authenticator, KEY)
    with pytest.raises(CredentialUnavailable):
        await ask(authenticator, OTHER)


async def test_no_key_is_no_evidence_and_two_are_ambiguous() -> None:
    authenticator = ApiKeyAuthenticator([robot()], b"X-API-Key")
    assert await authenticator.authenticate(request()) is None
    twice = Headers.of([(b"X-API-Key", KEY.encode()), (b"x-api-key", KEY.encode())])
    with pytest.raises(BadRequest):
        await authenticator.authenticate(request(headers=twice))


async def test_beside_a_judge_of_signed_tokens_it_leaves_those_alone() -> None:
    authenticator = ApiKeyAuthenticator([robot()], b"Authorization", shared=True)
    assert await ask(authenticator, "eyJhbGciOiJFUzI1NiJ9.e30.c2ln") is None
    assert await ask(authenticator, KEY)
    with pytest.raises(InvalidKey):
        await ask(authenticator, "eyJ.only-two-parts")


# --- how it is written in Authorization ------------------------------------------------------------


async def written(value: str, *forms: str, shared: bool = False) -> Principal | None:
    authenticator = ApiKeyAuthenticator([robot()], b"Authorization", forms=forms, shared=shared)  # type: ignore[arg-type]
    return await authenticator.authenticate(request(headers=Headers.of([(b"Authorization", value.encode())])))


WRITTEN = {"bearer": f"Bearer {KEY}", "basic": f"Basic {KEY}", "bare": KEY}


@pytest.mark.parametrize("form", WRITTEN)
async def test_it_counts_in_the_forms_that_are_named_and_in_no_other(form: str) -> None:
    assert (await written(WRITTEN[form], *WRITTEN)) == (await written(WRITTEN[form], form))
    for other, value in WRITTEN.items():
        found = await written(value, form)
        assert (found is not None) is (other == form), (form, other)


@pytest.mark.parametrize("value", [f"bearer {KEY}", f"BASIC {KEY}"], ids=unnamed)
async def test_the_scheme_is_a_word_in_any_case(value: str) -> None:
    assert await written(value, "bearer", "basic")


@pytest.mark.parametrize(
    "value",
    ["Basic", "Basic ", "basic\t" + KEY, f"Basic  {KEY}", f"Basic {KEY}, Basic {KEY}", f"Basic {KEY} x", "", f"{KEY},{OTHER}"],
    ids=unnamed,
)  # fmt: skip
async def test_a_form_with_none_or_two_in_it_is_refused(value: str) -> None:
    with pytest.raises(InvalidKey):
        await written(value, "basic", "bare")


async def test_what_stands_behind_another_scheme_is_somebody_else_s() -> None:
    for value in (f"Digest {KEY}", f"Negotiate {KEY}", f"Basically {KEY}", f"Bearers {KEY}"):
        assert await written(value, *WRITTEN) is None


@pytest.mark.parametrize("form", WRITTEN)
async def test_another_key_is_nobody_s_in_any_form(form: str) -> None:
    with pytest.raises(InvalidKey):
        await written(WRITTEN[form].replace(KEY, OTHER), *WRITTEN)


@pytest.mark.parametrize("form", WRITTEN)
async def test_two_are_valid_at_once_in_every_form(form: str) -> None:
    record = Record("robot", "robot-7", f"{DIGEST} {OTHER_DIGEST}")
    authenticator = ApiKeyAuthenticator([record], b"Authorization", forms=(form,))  # type: ignore[arg-type]
    for key in (KEY, OTHER):
        value = WRITTEN[form].replace(KEY, key).encode()
        assert await authenticator.authenticate(request(headers=Headers.of([(b"Authorization", value)])))


async def test_a_signed_token_without_its_scheme_is_a_key_that_is_nobody_s() -> None:
    """Beside a judge of signed tokens only those behind `Bearer` are his."""
    token = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"
    assert await written(f"Bearer {token}", *WRITTEN, shared=True) is None
    for value in (token, f"Basic {token}"):
        with pytest.raises(InvalidKey):
            await written(value, *WRITTEN, shared=True)


async def test_a_key_of_base64_is_compared_as_it_is_written() -> None:
    key = "q83vASNFZ4mrze8BI0VniavN7w=="
    authenticator = ApiKeyAuthenticator([Record("kms", "kms", digest_of(key.encode()))], b"Authorization", "admin")
    found = await ask(authenticator, key)
    assert found is not None
    assert found.subject == "admin"
    for other in (key.rstrip("="), key.lower(), key + "="):
        with pytest.raises(InvalidKey):
            await ask(authenticator, other)


def test_each_scheme_that_counts_is_offered() -> None:
    authenticator = ApiKeyAuthenticator([robot()], b"Authorization", forms=("bare", "basic", "bearer"))
    assert authenticator.challenges == ('Bearer realm="ostiary"', 'Basic realm="ostiary"')
    assert ApiKeyAuthenticator([robot()], b"Authorization", forms=("bare",)).challenges == ()


def test_a_new_key_has_256_bits_and_its_digest_is_its_digest() -> None:
    assert len(KEY) >= 43
    assert digest_of(KEY.encode()) == DIGEST
    assert new_key() != new_key()


@pytest.mark.parametrize(("length", "counts"), [(0, False), (1, True), (1024, True), (1025, False)])
async def test_how_long_a_key_may_be_is_exact_whatever_digests_are_kept(length: int, counts: bool) -> None:
    key = "k" * length
    authenticator = ApiKeyAuthenticator([Record("robot", "robot-7", digest_of(key.encode()))], b"X-API-Key")
    if counts:
        assert await ask(authenticator, key, b"X-API-Key")
    else:
        with pytest.raises(InvalidKey):
            await ask(authenticator, key, b"X-API-Key")
