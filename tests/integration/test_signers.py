"""Does everybody who keeps keys sign in the same way? One contract, asked of the real ones and of the doubles."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest
from joserfc import jwe, jws
from joserfc.jwk import KeySet, RSAKey
from tests.support.openbao import bao  # noqa: F401 - a fixture
from tests.support.signers.clouds import Aws, KeyVault
from tests.support.signers.hsm import Hsm
from tests.support.signers.local import Local
from tests.support.signers.shape import LEAD, Kept
from tests.support.signers.transit import Transit
from tests.support.vaults.cloud import Moto

from ostiary.errors import CredentialUnavailable
from ostiary.jwks.encoding import unpadded
from ostiary.keys import Keys
from ostiary.keys.algorithms import jwk, thumbprint
from ostiary.keys.errors import KeyRefused
from ostiary.keys.keeper import Keeper
from ostiary.keys.ring import Ring
from ostiary.keys.version import KeyVersion
from ostiary.sealed.errors import Misconfigured, SecretError, Unavailable

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]

WHO = ("local", "transit", "hsm", "aws", "azure")
ALGORITHMS = ("ES256", "ES384", "RS256", "PS256", "EdDSA")
SIZES = {"ES256": 64, "ES384": 96, "RS256": 256, "PS256": 256, "EdDSA": 64}
names = (f"key-{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    found = Moto(tmp_path_factory.mktemp("moto"))
    yield found
    found.stop()


def compiled(request: pytest.FixtureRequest, folder: Path) -> Kept:
    match request.param:
        case "transit":
            return Transit(request.getfixturevalue("bao"), folder)
        case "hsm":
            return Hsm(request.getfixturevalue("softhsm"))
        case "aws":
            return Aws(request.getfixturevalue("moto"), request.getfixturevalue("monkeypatch"))
        case "azure":
            return KeyVault(folder)
    return Local(folder)


CLOUDS = ("ES256", "ES384", "RS256", "PS256")  # they have no EdDSA
CAN = {
    "local": ALGORITHMS,
    "transit": ALGORITHMS,
    "hsm": ALGORITHMS,
    "aws": CLOUDS[:3],
    "azure": CLOUDS,
}  # PSS of moto has another salt than AWS says
PAIRS = [(who, alg) for who in WHO for alg in CAN[who]]


@pytest.fixture(params=WHO)
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    found = compiled(request, tmp_path)
    yield found
    await found.aclose()


@asynccontextmanager
async def opened(kept: Kept, name: str, wanted: str | None = None) -> AsyncIterator[Keeper]:
    keeper = kept.keeper(name, wanted)
    await keeper.start()
    try:
        yield keeper
    finally:
        await keeper.aclose()


@asynccontextmanager
async def ring(kept: Kept, name: str, now: float | None = None, wanted: str | None = None) -> AsyncIterator[Ring]:
    found = Ring(name, kept.keeper(name, wanted), keep=3600.0, clock=time.time if now is None else lambda: now)
    await found.start()
    try:
        yield found
    finally:
        await found.aclose()


def public(version: KeyVersion) -> dict[str, str]:
    return jwk(version.public, version.alg, version.kid)


def verified(token: str, *keys: dict[str, str]) -> Any:
    """Return the payload, by another library than the one that signs and verifies here."""
    alg = str(jwt.get_unverified_header(token)["alg"])
    found = jws.deserialize_compact(token, KeySet.import_key_set({"keys": list(keys)}), algorithms=[alg])
    return json.loads(found.payload)


async def token(keeper: Keeper, version: KeyVersion, claims: dict[str, Any]) -> str:
    head = unpadded(json.dumps({"alg": version.alg, "kid": version.kid}).encode())
    data = f"{head}.{unpadded(json.dumps(claims).encode())}"
    return f"{data}.{unpadded(await keeper.sign(version, data.encode()))}"


@pytest.mark.parametrize(("kept", "alg"), PAIRS, indirect=["kept"])
async def test_another_library_verifies_what_is_signed_and_the_next_version_signs_like_it(kept, alg):
    name = next(names)
    kept.make(name, alg)
    kept.make(name, alg)
    async with opened(kept, name, alg) as keeper:
        first, second = await keeper.versions()
        assert (first.alg, second.alg) == (alg, alg)
        assert first.kid != second.kid
        for version in (first, second):
            signed = await token(keeper, version, {"n": version.order})
            assert verified(signed, public(version)) == {"n": version.order}
            assert len(await keeper.sign(version, b"data")) == SIZES[alg]


async def test_a_key_is_known_by_its_thumbprint(kept):
    name = next(names)
    kept.make(name, "ES256")
    async with opened(kept, name) as keeper:
        (version,) = await keeper.versions()
        assert version.kid == thumbprint(version.public)


async def test_elliptic_signatures_are_never_der(kept):
    name = next(names)
    kept.make(name, "ES256")
    async with opened(kept, name) as keeper:
        (version,) = await keeper.versions()
        assert {len(await keeper.sign(version, bytes([n]))) for n in range(12)} == {64}


async def test_many_signatures_at_once_are_each_of_their_own_octets(kept):
    name = next(names)
    kept.make(name, "ES256")
    async with opened(kept, name) as keeper:
        (version,) = await keeper.versions()
        tokens = await asyncio.gather(*(token(keeper, version, {"n": n}) for n in range(40)))
        assert [verified(one, public(version))["n"] for one in tokens] == list(range(40))


async def test_a_key_that_is_not_there_is_not_an_outage(kept):
    kept.make(next(names), "ES256")
    async with opened(kept, "nobody-made-it") as keeper:
        with pytest.raises(SecretError) as caught:
            await keeper.versions()
    assert not caught.value.transient


async def test_an_algorithm_that_does_not_fit_is_refused(kept):
    name = next(names)
    kept.make(name, "ES256")
    async with opened(kept, name, "RS256") as keeper:
        with pytest.raises(Misconfigured, match="cannot sign with RS256"):
            await keeper.versions()


async def test_a_ring_signs_and_its_key_set_verifies_by_pyjwt(kept):
    name = next(names)
    kept.make(name, "ES256")
    async with ring(kept, name) as source:
        key = await source.get()
        signed = await token(key.keeper, key.version, {"aud": "orders"})
        found = jwt.PyJWKSet.from_dict({"keys": await source.jwks()})
        assert jwt.decode(signed, found[key.kid], algorithms=["ES256"], audience="orders") == {"aud": "orders"}


async def test_the_first_version_signs_at_once(kept):
    name = next(names)
    kept.make(name, "ES256")
    async with ring(kept, name) as source:
        assert source.current() is not None


@pytest.mark.parametrize("kept", [who for who in WHO if who != "aws"], indirect=True)  # there it is a new configuration
async def test_the_next_version_is_published_before_it_signs_and_the_old_one_until_its_tokens_died(kept):
    name = next(names)
    kept.make(name, "ES256")
    async with ring(kept, name) as source:
        old = source.current().kid
        kept.make(name, "ES256")
        await source.read()
        kids = [key["kid"] for key in await source.jwks()]
        assert (len(kids), kids[1]) == (2, old)
        assert source.current().kid == old
        versions = source.versions
        assert versions[1].begins == pytest.approx(time.time() + LEAD, abs=60)


async def test_nothing_private_is_published_or_printed(kept):
    name = next(names)
    kept.make(name, "ES256")
    async with ring(kept, name) as source:
        (key,) = await source.jwks()
        assert sorted(key) == ["alg", "crv", "kid", "kty", "use", "x", "y"]
        assert "canary" not in repr(source.current()) + repr(source.versions)


@pytest.mark.parametrize("kept", [who for who in WHO if who != "hsm"], indirect=True)  # that one is in this process
async def test_while_the_keeper_is_away_it_is_said_and_afterwards_it_signs_again(kept):
    name = next(names)
    kept.make(name, "ES256")
    async with opened(kept, name) as keeper:
        (version,) = await keeper.versions()
        kept.away()
        try:
            with pytest.raises(Unavailable):
                await keeper.versions()
        finally:
            kept.back()
        async with asyncio.timeout(20):
            while True:
                try:
                    await keeper.versions()
                    break
                except SecretError:
                    await asyncio.sleep(0.2)
        assert verified(await token(keeper, version, {"n": 1}), public(version)) == {"n": 1}


async def test_a_caller_who_goes_away_leaves_the_others_their_signatures(kept):
    name = next(names)
    kept.make(name, "ES256")
    async with opened(kept, name) as keeper:
        (version,) = await keeper.versions()
        leaving = asyncio.create_task(token(keeper, version, {"n": 0}))
        staying = [asyncio.create_task(token(keeper, version, {"n": n})) for n in range(1, 6)]
        await asyncio.sleep(0)
        leaving.cancel()
        assert [verified(one, public(version))["n"] for one in await asyncio.gather(*staying)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("kept", ["local", "transit", "azure"], indirect=True)  # who opens what is encrypted to RSA
async def test_what_is_encrypted_to_an_rsa_key_is_opened_by_whoever_keeps_it(kept):
    name = next(names)
    kept.make(name, "RS256")
    async with ring(kept, name) as source:
        keys = Keys({name: source})
        closed = await keys.sign_and_encrypt({"aal": 3}, name)
        (known,) = (await keys.jwks())["keys"]
        assert verified(await keys.decrypt(closed, name), known) == {"aal": 3}
        for token in (closed[:-3] + "AAA", closed.replace(".", "..", 1), "e30.a.b.c.d"):
            with pytest.raises((KeyRefused, CredentialUnavailable)):
                await keys.decrypt(token, name)
        head, wrapped, *rest = closed.split(".")
        with pytest.raises((KeyRefused, CredentialUnavailable)):
            await keys.decrypt(".".join((head, "A" * len(wrapped), *rest)), name)


OPENS = {
    "local": ("RSA-OAEP-256", "RSA-OAEP"),
    "transit": ("RSA-OAEP-256",),
    "hsm": ("RSA-OAEP",),  # SoftHSM 2.6 has OAEP with SHA-1 alone
    "aws": ("RSA-OAEP-256", "RSA-OAEP"),
    "azure": ("RSA-OAEP-256", "RSA-OAEP"),
}


@pytest.mark.parametrize(("kept", "alg"), [(who, alg) for who in OPENS for alg in OPENS[who]], indirect=["kept"])
async def test_a_ring_for_encrypted_tokens_opens_what_another_library_encrypted_to_it(kept, alg):
    name = next(names)
    kept.make(name, alg)
    async with ring(kept, name, wanted=alg) as source:
        keys = Keys({name: source})
        (known,) = (await keys.jwks())["keys"]
        assert (known["use"], known["alg"]) == ("enc", alg)
        head = {"alg": alg, "enc": "A256GCM", "kid": known["kid"]}
        closed = jwe.encrypt_compact(head, b"from elsewhere", RSAKey.import_key(known), algorithms=[alg, "A256GCM"])
        assert await keys.decrypt(closed, name) == "from elsewhere"
        protected, wrapped, *rest = closed.split(".")
        refused = CredentialUnavailable if isinstance(kept, Transit) else KeyRefused  # OpenBao: 500
        for other in ("A" * len(wrapped), wrapped[:-4] + "AAAA", wrapped[:40]):
            with pytest.raises(refused):
                await keys.decrypt(".".join((protected, other, *rest)), name)
        assert await keys.decrypt(closed, name) == "from elsewhere"
        with pytest.raises(KeyRefused, match="does not sign"):
            await keys.sign({"aal": 3}, name)


@pytest.mark.parametrize("kept", ["hsm", "aws"], indirect=True)
async def test_who_cannot_open_it_is_found_out_before_a_token_comes(kept):
    name = next(names)
    kept.make(name, "RS256")  # there a key for signatures, or a token that does not know SHA-256 in OAEP
    async with opened(kept, name, "RSA-OAEP-256") as keeper:
        with pytest.raises(Misconfigured, match=r"RSA-OAEP-256|ENCRYPT_DECRYPT is wanted"):
            await keeper.versions()


@pytest.mark.parametrize("kept", ["transit", "hsm", "aws", "azure"], indirect=True)
async def test_nothing_is_encrypted_to_a_key_that_only_signs(kept):
    name = next(names)
    kept.make(name, "ES256")
    async with ring(kept, name) as source:
        with pytest.raises(KeyRefused, match="only signs"):
            await Keys({name: source}).encrypt({"aal": 3}, name)


@pytest.mark.parametrize("kept", ["aws", "hsm"], indirect=True)  # they do not say when a key joined
async def test_a_version_that_joins_with_a_reload_is_published_before_it_signs(kept):
    name = next(names)
    kept.make(name, "ES256")
    async with ring(kept, name) as before:
        old = before.current().kid
        kept.make(name, "ES256")
        after = Ring(name, kept.keeper(name), keep=3600.0)
        after.inherit(before)
        await after.start()
        try:
            assert after.current().kid == old
            assert len(await after.jwks()) == 2
            assert after.versions[1].begins == pytest.approx(time.time() + LEAD, abs=60)
        finally:
            await after.aclose()
