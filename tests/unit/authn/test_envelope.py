"""Which encrypted tokens are opened, and what of those that are? Closed by joserfc, which is not ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey
from tests.support.tokens import NOW, Clock, Signer, b64, good_claims, issuer, request

from ostiary.authn.envelope import read_keys
from ostiary.authn.jwt import JwtAuthenticator, compile_jwt
from ostiary.config.schema import JwtSpec
from ostiary.errors import ConfigError, InvalidToken
from ostiary.jwks.encoding import base64url
from ostiary.reasons import Reason

BANK = Signer("bank")
OURS = {"RSA-OAEP-256": Signer(None, "RS256"), "ECDH-ES": Signer(None, "ES256")}
OTHER = Signer(None, "ES256")
ALL = ["RSA-OAEP-256", "RSA-OAEP", "RSA1_5", "ECDH-ES", "ECDH-ES+A256KW", "A256GCM", "A128GCM", "A256CBC-HS512", "DEF"]


def pem(signer: Signer) -> bytes:
    return bytes(signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def close(alg: str, inner: bytes, signer: Signer | None = None, **header: Any) -> bytes:
    signer = signer or OURS[alg.split("+", maxsplit=1)[0] if alg.startswith("ECDH") else "RSA-OAEP-256"]
    key: Any = ECKey.import_key(pem(signer)) if signer.alg == "ES256" else RSAKey.import_key(pem(signer))
    fields = {"alg": alg, "enc": "A256GCM", "cty": "JWT", **header}
    return jwe.encrypt_compact(fields, inner, key, algorithms=ALL).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, signer in OURS.items():
        (tmp_path / f"{name}.pem").write_bytes(pem(signer))
    return tmp_path


class Stage:
    def __init__(self, folder: Path, *names: str) -> None:
        self.bank = issuer(BANK, decryption_keys=[f"file:{name}.pem" for name in names])
        self.partner = issuer(Signer("p"), name="partner", issuer="https://partner.example")
        spec = JwtSpec.model_validate({"issuers": ["bank", "partner"]})
        both = {"bank": self.bank, "partner": self.partner}
        self.authenticator: JwtAuthenticator = compile_jwt(spec, both, Clock(NOW), folder=folder)

    async def ask(self, token: bytes) -> str:
        await self.bank.start()
        try:
            found = await self.authenticator.authenticate(request(b"Bearer " + token))
            assert found is not None
            return found.subject
        finally:
            await self.bank.aclose()

    async def refused(self, token: bytes) -> Reason:
        with pytest.raises(InvalidToken) as caught:
            await self.ask(token)
        return caught.value.reason


@pytest.mark.parametrize("alg", OURS)
async def test_a_signed_token_in_an_envelope_of_ours_counts(alg: str, folder: Path) -> None:
    stage = Stage(folder, *OURS)
    assert await stage.ask(close(alg, BANK.token())) == "alice"
    assert await stage.ask(BANK.token()) == "alice"


async def test_parties_named_in_the_agreement_are_part_of_it(folder: Path) -> None:
    header = {"apu": b64(b"Alice"), "apv": b64(b"Bob")}
    assert await Stage(folder, "ECDH-ES").ask(close("ECDH-ES", BANK.token(), **header)) == "alice"


async def test_what_is_inside_is_judged_as_anywhere(folder: Path) -> None:
    stage = Stage(folder, *OURS)
    for inner, reason in (
        (BANK.token(good_claims(exp=NOW - 60)), Reason.TOKEN_EXPIRED),
        (OTHER.token(kid="bank"), Reason.TOKEN_SIGNATURE_INVALID),
        (b"not a token", Reason.TOKEN_MALFORMED),
        (json.dumps(good_claims()).encode(), Reason.TOKEN_MALFORMED),  # claims without a signature
        (close("ECDH-ES", BANK.token()), Reason.TOKEN_MALFORMED),  # an envelope in an envelope
    ):
        assert await stage.refused(close("RSA-OAEP-256", inner)) is reason


@pytest.mark.attack(21)
@pytest.mark.parametrize(
    ("alg", "header"),
    [
        ("RSA-OAEP", {}),
        ("ECDH-ES+A256KW", {}),
        ("RSA-OAEP-256", {"enc": "A128GCM"}),
        ("RSA-OAEP-256", {"enc": "A256CBC-HS512"}),
        ("RSA-OAEP-256", {"zip": "DEF"}),
    ],
)
async def test_other_algorithms_and_compression_stay_closed(alg: str, header: dict[str, str], folder: Path) -> None:
    assert await Stage(folder, *OURS).refused(close(alg, BANK.token(), **header)) is Reason.TOKEN_UNDECIPHERABLE


@pytest.mark.attack(21)
@pytest.mark.parametrize("alg", OURS)
@pytest.mark.parametrize("signature", [b"", b"e30"])
async def test_a_token_that_nobody_signed_is_none_in_an_envelope_of_ours_either(
    alg: str, signature: bytes, folder: Path
) -> None:
    """Anybody has our public key: CVE-2026-29000 was a library that took the envelope for the signature."""
    plain = BANK.compact(json.dumps({"alg": "none"}), json.dumps(good_claims())).rpartition(b".")[0]
    assert await Stage(folder, *OURS).refused(close(alg, plain + b"." + signature)) in (
        Reason.TOKEN_KEY_UNKNOWN,
        Reason.TOKEN_ALGORITHM_NOT_ALLOWED,
    )


@pytest.mark.attack(21)
@pytest.mark.parametrize("inner", [json.dumps(good_claims()).encode(), b"e30.e30", b"", b"e30.e30.e30.e30"])
async def test_claims_in_an_envelope_are_no_token(inner: bytes, folder: Path) -> None:
    assert await Stage(folder, *OURS).refused(close("ECDH-ES", inner)) is Reason.TOKEN_MALFORMED


async def test_an_envelope_of_somebody_else_stays_closed(folder: Path) -> None:
    assert await Stage(folder, *OURS).refused(close("ECDH-ES", BANK.token(), OTHER)) is Reason.TOKEN_UNDECIPHERABLE
    assert await Stage(folder).refused(close("ECDH-ES", BANK.token())) is Reason.TOKEN_UNDECIPHERABLE


async def test_the_key_of_one_issuer_opens_nothing_for_another(folder: Path) -> None:
    partner = Signer("p").token(good_claims(iss="https://partner.example"))
    assert await Stage(folder, *OURS).refused(close("ECDH-ES", partner)) is Reason.TOKEN_UNDECIPHERABLE


@pytest.mark.parametrize("part", range(5))
async def test_whatever_is_changed_it_stays_closed(part: int, folder: Path) -> None:
    stage = Stage(folder, *OURS)
    for alg in OURS:
        parts = close(alg, BANK.token()).split(b".")
        one = bytearray(parts[part] or b"AAAA")
        one[len(one) // 2] = ord("A") if one[len(one) // 2] != ord("A") else ord("B")
        parts[part] = bytes(one)
        assert await stage.refused(b".".join(parts)) in (Reason.TOKEN_UNDECIPHERABLE, Reason.TOKEN_MALFORMED)


@pytest.mark.parametrize("alg", OURS)
@pytest.mark.parametrize("octets", [1, 4, 12, 16])
async def test_a_tag_has_sixteen_octets_and_begins_where_it_was_put(alg: str, octets: int, folder: Path) -> None:
    """Content and tag stand side by side when they are opened: without that, one envelope had many spellings."""
    head, key, nonce, content, tag = close(alg, BANK.token()).split(b".")
    whole = base64url(content) + base64url(tag)
    short = b64(whole[:-octets]).encode(), b64(whole[-octets:]).encode()
    stage = Stage(folder, *OURS)
    if octets == len(base64url(tag)):
        assert await stage.ask(b".".join((head, key, nonce, *short))) == "alice"
    else:
        assert await stage.refused(b".".join((head, key, nonce, *short))) is Reason.TOKEN_UNDECIPHERABLE


@pytest.mark.attack(21)
@pytest.mark.parametrize(
    "header",
    [
        {"alg": "PBES2-HS256+A128KW", "enc": "A256GCM", "p2c": 2**31, "p2s": "AAAA"},
        {"alg": "dir", "enc": "A256GCM"},
        {"alg": "ECDH-ES", "enc": "A256GCM"},
        {
            "alg": "ECDH-ES",
            "enc": "A256GCM",
            "epk": {"kty": "EC", "crv": "P-256", "x": b64(b"\1" * 32), "y": b64(b"\2" * 32)},
        },
        {"alg": "ECDH-ES", "enc": "A256GCM", "epk": Signer(None, "ES384").jwk()},
        {"alg": ["RSA-OAEP-256"], "enc": "A256GCM"},
        {},
    ],
)
async def test_a_header_that_means_ill_costs_nothing(header: dict[str, Any], folder: Path) -> None:
    token = ".".join((b64(json.dumps(header).encode()), "", b64(b"i" * 12), b64(b"c"), b64(b"t" * 16))).encode()
    assert await Stage(folder, *OURS).refused(token) is Reason.TOKEN_UNDECIPHERABLE


def test_keys_that_open_nothing_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "weak.pem").write_bytes(pem(Signer(None, "RS256", bits=1024)))
    (tmp_path / "ed.pem").write_bytes(pem(Signer(None, "EdDSA")))
    (tmp_path / "text.pem").write_text("nothing")
    for name in ("weak.pem", "ed.pem", "text.pem", "nowhere.pem"):
        with pytest.raises(ConfigError):
            read_keys([tmp_path / name], "issuers.bank.decryption_keys")
    assert read_keys([], "x") is None
