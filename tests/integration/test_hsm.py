"""What of an HSM is its own? Asked of SoftHSM, whose keys OpenSC makes."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pkcs11
import pytest
import structlog
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.support.gateway_process import ostiary
from tests.support.pki import root
from tests.support.softhsm import PIN, TOKEN, SoftHsm

from ostiary.config.keys import Pkcs11KeySpec
from ostiary.errors import ConfigError
from ostiary.keys.algorithms import verifies
from ostiary.keys.hsm import HsmKeeper, compile_hsm
from ostiary.keys.hsm.login import Login
from ostiary.keys.hsm.module import Module
from ostiary.model import Secret
from ostiary.pki.keys import generate
from ostiary.sealed.errors import AccessDenied, Misconfigured, NotFound, Unavailable

pytestmark = pytest.mark.integration


@asynccontextmanager
async def opened(library: str, label: str, *, token: str = TOKEN, pin: str = PIN) -> AsyncIterator[HsmKeeper]:
    keeper = HsmKeeper(Login.of(Module.at(library), token, Secret(pin), 20.0), label, None, 600.0)
    await keeper.start()
    try:
        yield keeper
    finally:
        await keeper.aclose()


async def signs(keeper: HsmKeeper) -> bool:
    version = (await keeper.versions())[-1]
    return verifies(version.public, version.alg, b"data", await keeper.sign(version, b"data"))


@pytest.fixture(scope="module")
def made(softhsm: SoftHsm) -> SoftHsm:
    softhsm.make("own", 1)
    return softhsm


async def test_a_wrong_pin_is_tried_once_and_never_again(made):
    async with opened(made.library, "own", pin="9999-canary") as keeper:
        with pytest.raises(AccessDenied, match="PIN was not accepted"):
            await keeper.versions()
        with pytest.raises(AccessDenied, match="not tried again") as caught:
            await keeper.versions()
        assert "canary" not in str(caught.value)
    async with opened(made.library, "own") as keeper:  # and the token is not locked
        assert await signs(keeper)


async def test_a_missing_key_a_missing_token_and_a_missing_library_are_told_apart(made, tmp_path):
    async with opened(made.library, "nobody-made-it") as keeper:
        with pytest.raises(NotFound, match="no private key labelled 'nobody-made-it'"):
            await keeper.versions()
    async with opened(made.library, "own", token="elsewhere") as keeper:
        with pytest.raises(Unavailable, match="NoSuchToken"):
            await keeper.versions()
    async with opened(str(tmp_path / "none.so"), "own") as keeper:
        with pytest.raises(ConfigError, match="not a PKCS#11 library"):
            await keeper.versions()


async def test_a_private_half_cannot_be_taken_out(made):
    async with opened(made.library, "own") as keeper:
        await keeper.versions()

        def take_out(session: object, _: int) -> object:
            query = {pkcs11.Attribute.LABEL: "own", pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
            (key,) = list(session.get_objects(query))
            assert key[pkcs11.Attribute.EXTRACTABLE] is False
            return key[pkcs11.Attribute.VALUE]

        with pytest.raises(Unavailable, match="AttributeSensitive"):
            await keeper._login.call(take_out)


async def test_a_session_that_was_lost_is_opened_anew(made):
    async with opened(made.library, "own") as keeper:
        assert await signs(keeper)
        version = (await keeper.versions())[-1]
        await keeper._login.module.call(keeper._login._session.close, patience=10.0)
        assert verifies(version.public, version.alg, b"data", await keeper.sign(version, b"data"))


async def test_a_library_that_forgot_everything_is_logged_in_to_again(made):
    async with opened(made.library, "own") as keeper:
        version = (await keeper.versions())[-1]
        await keeper._login.module.call(keeper._login.module.begin_anew, patience=10.0)
        signed = await asyncio.gather(*(keeper.sign(version, bytes([n])) for n in range(20)))
        assert all(verifies(version.public, version.alg, bytes([n]), one) for n, one in enumerate(signed))


async def test_two_rings_of_one_token_share_a_login_and_one_goes_without_the_other(made):
    made.make("second", 1, "rsa:2048")
    async with opened(made.library, "own") as one:
        async with opened(made.library, "second") as two:
            assert all(await asyncio.gather(*(signs(keeper) for keeper in (one, two) * 10)))
        assert await signs(one)


async def test_all_calls_come_from_one_thread(made):
    async with opened(made.library, "own") as keeper:
        threads = await asyncio.gather(*(keeper._login.call(lambda *_: threading.get_ident()) for _ in range(20)))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


async def test_a_library_that_hangs_holds_up_nobody_for_longer_than_his_patience(made):
    module = Module.at(made.library)
    with pytest.raises(Unavailable, match=r"did not answer within 0\.05 s"):
        await module.call(time.sleep, 0.5, patience=0.05)


async def test_the_public_half_comes_from_a_certificate_when_there_is_no_object_for_it(made, tmp_path):
    identity = root().issue_client(cn="gateway")
    private = tmp_path / "key.der"
    private.write_bytes(identity.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    certificate = tmp_path / "certificate.der"
    certificate.write_bytes(identity.certificate.public_bytes(Encoding.DER))
    made.write(private, "with-certificate", 7, "privkey")
    made.write(certificate, "with-certificate", 7, "cert")
    async with opened(made.library, "with-certificate") as keeper:
        assert await signs(keeper)


async def test_a_key_that_can_be_taken_out_is_warned_of_once(made, tmp_path):
    private, public = tmp_path / "key.der", tmp_path / "public.der"
    key = generate()
    private.write_bytes(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    made.write(private, "exportable", 9, "privkey", "--extractable")
    made.write(public, "exportable", 9, "pubkey")
    with structlog.testing.capture_logs() as log:
        async with opened(made.library, "exportable") as keeper:
            assert await signs(keeper)
            assert await signs(keeper)
    assert [line["event"] for line in log].count("a key can be taken out of the HSM") == 1


async def test_without_any_public_half_it_is_said_what_to_do(made, tmp_path):
    private = tmp_path / "key.der"
    private.write_bytes(generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    made.write(private, "private-only", 3, "privkey")
    async with opened(made.library, "private-only") as keeper:
        with pytest.raises(Misconfigured, match="put its public key or its certificate beside it"):
            await keeper.versions()


async def test_a_version_that_appears_while_we_run_is_published_first(made):
    made.make("rotated", 1)
    async with opened(made.library, "rotated") as keeper:
        (first,) = await keeper.versions()
        made.make("rotated", 2)
        before, after = await keeper.versions()
        assert (before.begins, first.kid) == (0.0, before.kid)
        assert after.begins > 0


def test_a_block_of_the_configuration_becomes_a_keeper(made, tmp_path):
    (tmp_path / "pin").write_text(PIN)
    spec = Pkcs11KeySpec.model_validate(
        {"type": "pkcs11", "module": f"file:{made.library}", "token": TOKEN, "label": "own", "pin": "file:pin"}
    )
    keeper = compile_hsm(spec, tmp_path, lambda: 0.0)
    assert keeper.origin == f"{made.library} {TOKEN} own"
    with pytest.raises(ConfigError, match="No such file"):
        compile_hsm(spec.model_copy(update={"pin": spec.pin.__class__("file", "nothing")}), tmp_path, lambda: 0.0)


FILE = """
version: 1
keys:
  hsm: {type: pkcs11, module: "file:LIBRARY", token: gateway, label: LABEL, pin: "file:pin"}
"""


async def test_the_command_line_shows_the_key_set_of_an_hsm_or_why_it_cannot_be_had(made, tmp_path):
    file = tmp_path / "gateway.yaml"
    (tmp_path / "pin").write_text(PIN)
    file.write_text(FILE.replace("LIBRARY", made.library).replace("LABEL", "own"))
    (key,) = json.loads(await ostiary("keys", "jwks", "hsm", "--config", file))["keys"]
    assert key["alg"] == "ES256"
    file.write_text(file.read_text().replace("label: own", "label: nobody-made-it"))
    with pytest.raises(AssertionError, match="no private key labelled 'nobody-made-it'"):
        await ostiary("keys", "jwks", "hsm", "--config", file)
