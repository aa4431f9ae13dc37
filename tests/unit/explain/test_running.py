"""Does a gateway that serves stay as it is while it explains?"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.records import Record
from tests.support.tokens import Signer, key_set
from tests.unit.authn.test_dpop import proof, thumbprint

from ostiary.build import compile_gateway
from ostiary.config.load import load
from ostiary.edge.head import read_head
from ostiary.errors import GatewayError, InvalidProof
from ostiary.explain import running
from ostiary.gateway import Gateway
from ostiary.model import Headers, Peer
from ostiary.model import Record as Noted

BANK = Signer("bank")
CALLER = Signer(None, "ES256")
SECRET = "canary-of-the-vault"
FILE = """
version: 1
listeners: {public: {bind: "127.0.0.1:0", plaintext: accepted}}
issuers: {bank: {issuer: "https://id.example.com", jwks_file: "file:keys.json", audiences: [accounts]}}
vaults: {local: {type: local, path: vault.db, master_key: env:NONE}}
credentials: {legacy: {vault: local}}
upstreams: {one: {endpoints: ["http://127.0.0.1:9"]}}
routes:
  - name: bound
    match: {path: /bound}
    authenticate: {jwt: {issuers: [bank], dpop: required}}
    authorize:
      - subject: bob
        mode: shadow
    inject:
      - basic: {credential: legacy}
    upstream: one
"""


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    (tmp_path / "gateway.yaml").write_text(FILE)
    (tmp_path / "keys.json").write_bytes(key_set(BANK))
    compiled = compile_gateway(load(tmp_path / "gateway.yaml"), sources={"legacy": Record("legacy", "id", SECRET)})
    await compiled.start()
    try:
        yield compiled
    finally:
        await compiled.aclose()


def token() -> bytes:
    now = int(time.time())
    claims = {"iss": "https://id.example.com", "aud": "accounts", "sub": "alice", "iat": now, "exp": now + 600}
    return BANK.token({**claims, "cnf": {"jkt": thumbprint(CALLER)}})


def document(shown: bytes, proven: bytes, **changes: Any) -> dict[str, Any]:
    fields = [["Host", "a.example"], ["Authorization", f"DPoP {shown.decode()}"], ["DPoP", proven.decode()]]
    asked = {"method": "GET", "scheme": "https", "target": "/bound", "headers": fields, "source": "10.0.0.1"}
    return {**asked, **changes}


async def judge(gateway: Gateway, shown: bytes, proven: bytes) -> Any:
    """What the route's authenticators say of the same request when it comes."""
    fields = [(name.encode(), value.encode()) for name, value in document(shown, proven)["headers"]]
    request = read_head(
        id="x", method="GET", target=b"/bound", headers=Headers.of(fields), peer=Peer("10.0.0.1"), scheme="https",
        body=None, record=Noted(),  # type: ignore[arg-type]
    )  # fmt: skip
    return await gateway.find(request).pipeline.authenticators.authenticate(request)


async def test_it_says_what_would_become_of_a_request_and_shows_no_secret(gateway: Gateway) -> None:
    shown = token()
    made = proof(CALLER, token=shown, htu="https://a.example/bound", iat=time.time())
    told = await running.answer(gateway, document(shown, made))
    assert (told["verdict"], told["route"], told["reason"]) == ("allow", "bound", "allowed")
    assert "claims" not in told["principal"]
    for secret in (SECRET, shown.decode(), made.decode(), shown.decode().split(".")[2]):
        assert secret not in repr(told)
    assert (await running.answer(gateway, document(shown, made, claims=True)))["principal"]["claims"]["sub"] == "alice"


async def test_a_proof_that_was_talked_about_still_counts_and_one_that_was_used_does_not(gateway: Gateway) -> None:
    shown = token()
    made = proof(CALLER, token=shown, htu="https://a.example/bound", iat=time.time())
    for _ in range(3):
        assert (await running.answer(gateway, document(shown, made)))["verdict"] == "allow"
    assert (await judge(gateway, shown, made)).subject == "alice"
    with pytest.raises(InvalidProof):
        await judge(gateway, shown, made)
    told = await running.answer(gateway, document(shown, made))
    assert (told["verdict"], told["reason"]) == ("deny", "proof.replayed")


async def test_conditions_that_are_tried_out_do_not_count_what_was_talked_about(gateway: Gateway) -> None:
    shown = token()
    made = proof(CALLER, token=shown, htu="https://a.example/bound", iat=time.time())
    told = await running.answer(gateway, document(shown, made))
    assert [one["text"] for one in told["steps"] if one["step"] == "authorize"] == [
        "would refuse, in the shadow (subject 'alice')"
    ]
    ((_, shadow),) = gateway.shadows
    assert (shadow.judged, shadow.refused) == (0, 0)


async def test_what_is_no_request_is_said_and_not_repeated(gateway: Gateway) -> None:
    assert (await running.answer(gateway, {"method": SECRET})).keys() == {"unreadable"}
    told = await running.answer(gateway, document(b"x", b"y", certificate=SECRET))
    assert told == {"unreadable": "there is no certificate in what was given as one"}


async def test_it_is_what_happens(gateway: Gateway) -> None:
    for shown, made in ((b"nonsense", b""), (token(), b"nonsense"), (token(), proof(CALLER, iat=0))):
        told = await running.answer(gateway, document(shown, made))
        with pytest.raises(GatewayError) as caught:
            await judge(gateway, shown, made)
        assert (told["status"], told["reason"]) == (caught.value.status, str(caught.value.reason))
