"""What is said of a request for our key set, which no route of the file is asked about?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ostiary.build import compile_gateway
from ostiary.cli.run import run
from ostiary.config.load import load
from ostiary.explain import running
from ostiary.model import CredentialSource
from ostiary.vault.local import new_key_text

FILE = """
version: 1
listeners: {public: {bind: "127.0.0.1:0", plaintext: accepted}}
vaults: {local: {type: local, path: vault.db, master_key: file:master.key}}
keys: {identity: {type: local, vault: local}}
publication: {issuer: "https://gateway.example.com/a", keys: [identity], listeners: all}
upstreams: {one: {endpoints: ["http://127.0.0.1:9"]}}
routes:
  - {name: all, match: {path: /**}, authenticate: {anonymous: {}}, authorize: anyone, upstream: one}
"""
JWKS = "/a/.well-known/jwks.json"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    (tmp_path / "master.key").write_text(new_key_text())
    (tmp_path / "master.key").chmod(0o600)
    (tmp_path / "gateway.yaml").write_text(FILE)
    assert run(["keys", "generate", "identity", "--config", str(tmp_path / "gateway.yaml")]) == 0
    return tmp_path / "gateway.yaml"


async def asked(file: Path, target: str = JWKS, method: str = "GET", **compiled: Any) -> dict[str, Any]:
    gateway = compile_gateway(load(file), **compiled)
    if not compiled:
        await gateway.start()
    fields = [["Host", "gateway.example.com"]]
    question = {"method": method, "scheme": "https", "target": target, "headers": fields, "source": "10.0.0.1"}
    try:
        return await running.answer(gateway, question)
    finally:
        await gateway.aclose()


def last(told: dict[str, Any]) -> tuple[str, str, str]:
    step = told["steps"][-1]
    return step["step"], step["what"], step["verdict"]


@pytest.mark.parametrize("target", [JWKS, "/a/.well-known/openid-configuration"])
async def test_the_gateway_that_runs_says_that_it_answers_itself_and_with_which_keys(file: Path, target: str) -> None:
    told = await asked(file, target)
    assert (told["verdict"], told["route"]) == ("allow", "published-keys")
    assert last(told) == ("answer", "publication", "yes")
    assert "our key set, with the keys " in told["steps"][-1]["text"]
    assert told["steps"][-1]["where"].endswith("gateway.yaml:6")


async def test_offline_the_keys_are_not_asked_for_and_the_answer_is_still_ours(file: Path) -> None:
    nothing: dict[str, CredentialSource] = {}
    told = await asked(file, sources=nothing)
    assert told["verdict"] == "allow"
    assert last(told) == ("answer", "publication", "unknown")
    assert told["steps"][-1]["text"] == "the key identity is not asked for"


async def test_other_methods_are_refused_there_and_elsewhere_the_routes_are_asked(file: Path) -> None:
    refused = await asked(file, method="POST")
    assert (refused["verdict"], refused["status"], refused["route"]) == ("deny", 405, None)
    assert last(await asked(file, "/a/.well-known/other")) == ("forward", "one", "yes")


def test_people_are_told_that_the_gateway_answers(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"https://gateway.example.com{JWKS}"
    assert run(["explain", "--config", str(file), "--online", "GET", url]) == 0
    text = capsys.readouterr().out
    assert "allowed: the gateway would answer it" in text
    assert "would forward" not in text
