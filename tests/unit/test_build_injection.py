"""What do routes share of what is injected, and what does a reload take along?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.records import Record

from ostiary.build import compile_gateway
from ostiary.config.load import load
from ostiary.gateway import Gateway
from ostiary.inject.each import EachCredential
from ostiary.model import Credential, Secret
from ostiary.oauth import CallerTokens, ClientToken, ExchangedTokens

FILE = """\
version: 1
listeners: {{public: {{bind: 127.0.0.1:8443}}}}
vaults: {{local: {{type: local, path: vault.db, master_key: env:MASTER_KEY}}}}
credentials:
  client: {{vault: local, path: {path}}}
  crm: {{vault: local, path: "{{principal.tenant}}/crm"}}
upstreams: {{x: {{endpoints: [http://127.0.0.1:9]}}}}
routes:
  - name: a
    match: {{path: /a}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject: [oauth2: {{token_url: "https://id.example.com/token", client: {{basic: {{credential: client}}}}, scopes: [{scope}]}}]
    upstream: x
  - name: b
    match: {{path: /b}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject: [oauth2: {{token_url: "https://id.example.com/token", client: {{basic: {{credential: client}}}}, scopes: [read]}}]
    upstream: x
  - name: c
    match: {{path: /c}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject:
      - token_exchange: {{token_url: "https://id.example.com/token", client: {{basic: {{credential: client}}}}}}
      - header: {{name: X-Account, credential: crm}}
    upstream: x
"""


def gateway(folder: Path, *, scope: str = "read", path: str = "a", vaults: bool = False) -> Gateway:
    (folder / "gateway.yaml").write_text(FILE.format(scope=scope, path=path))
    given: Any = {alias: Record(alias, "id", "secret") for alias in ("client", "crm")}
    return compile_gateway(load(folder / "gateway.yaml"), sources=None if vaults else given)


def parts(one: Gateway, kind: type) -> list[Any]:
    return [part for part in one.parts if isinstance(part, kind)]


async def closed(*gateways: Gateway) -> None:
    for one in gateways:
        for part in one.parts:
            await part.aclose()


async def test_a_client_of_each_caller_s_own_has_tokens_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASTER_KEY", "A" * 43 + "=")
    said = FILE.replace("basic: {{credential: client}}", "basic: {{credential: crm}}", 2)
    (tmp_path / "gateway.yaml").write_text(said.format(scope="read", path="a"))
    one = compile_gateway(load(tmp_path / "gateway.yaml"))
    (made,) = parts(one, CallerTokens)
    assert (made.alias, len(parts(one, ClientToken)), len(parts(one, ExchangedTokens))) == ("crm", 0, 1)
    await closed(one)


async def test_routes_that_want_the_same_token_share_it(tmp_path: Path) -> None:
    same, others = gateway(tmp_path), gateway(tmp_path, scope="write")
    assert [len(parts(one, ClientToken)) for one in (same, others)] == [1, 2]
    assert len(parts(same, ExchangedTokens)) == 1
    await closed(same, others)


@pytest.mark.parametrize(
    ("change", "kept"), [({}, True), ({"scope": "write"}, True), ({"path": "b"}, False)], ids=["none", "another", "who"]
)
async def test_a_reload_takes_a_token_along_unless_what_it_depends_on_changed(
    tmp_path: Path, change: dict[str, str], kept: bool
) -> None:
    before = gateway(tmp_path)
    (token,) = parts(before, ClientToken)
    held = Credential("client", "", Secret("token"), "1")
    token._kept._made = type("Made", (), {"value": held, "due": float("inf"), "dead": float("inf")})()
    after = gateway(tmp_path, **change)
    after.inherit(before)
    found = [one._kept.held.value for one in parts(after, ClientToken) if one._kept.held is not None]
    assert found == ([held] if kept else [])
    await closed(before, after)


async def test_credentials_of_each_caller_come_before_their_vault_so_that_it_hands_on_their_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASTER_KEY", "A" * 43 + "=")
    one = gateway(tmp_path, vaults=True)
    kinds = [type(part).__name__ for part in one.parts]
    assert kinds.index("EachCredential") < kinds.index("Vault")
    assert [part.alias for part in parts(one, EachCredential)] == ["crm"]
    await closed(one)


async def test_the_headers_of_tokens_are_stripped_on_every_route(tmp_path: Path) -> None:
    one = gateway(tmp_path)
    owned = {name for route in ("/a", "/c") for injector in _injectors(one, route) for name in injector.owns}
    assert owned == {b"authorization", b"x-account"}
    await closed(one)


def _injectors(one: Gateway, path: str) -> tuple[Any, ...]:
    return one._routes.find("any", path, "GET").pipeline.injectors
