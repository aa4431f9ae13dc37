"""What becomes of a file: which headers are stripped where, and what is left of a start that fails?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from tests.support.origin import Origin, ok, origin

from ostiary.build import compile_gateway
from ostiary.config.load import load_checked
from ostiary.config.schema import LocalVaultSpec
from ostiary.demo.issuer import serve_issuer
from ostiary.errors import ConfigError
from ostiary.gateway import Gateway
from ostiary.model import Secret
from ostiary.observe.access import AccessLog
from ostiary.routing.match import compile_routes
from ostiary.serve import listening
from ostiary.vault.local import local_store, new_key_text

_FILE = """
version: 1
listeners: {{public: {{bind: "127.0.0.1:0"}}}}
issuers:
  bank: {{issuer: "{issuer}", audiences: [accounts]}}
vaults:
  corporate: {{type: hashicorp, address: "http://127.0.0.1:1", auth: {{token: file:token}}}}
  local: {{type: local, path: vault.db, master_key: file:master.key}}
credentials:
  accounts: {{vault: local}}
upstreams:
  service: {{endpoints: ["http://127.0.0.1:{port}"]}}
routes:
  - name: bare
    match: {{path: /bare}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    upstream: service
  - name: written
    match: {{path: /written}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject:
      - header: {{name: X-Subject, value: "{{principal.subject}}"}}
      - header: {{name: X-Service-Key, credential: accounts}}
    upstream: service
  - name: basic
    match: {{path: /basic}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject: [basic: {{credential: accounts}}]
    upstream: service
  - name: token
    match: {{path: /token}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: anyone
    upstream: service
  - name: either
    match: {{path: /either}}
    authenticate: {{any: [jwt: {{issuers: [bank]}}, anonymous: {{}}]}}
    authorize: anyone
    upstream: service
"""


ROUTES = ("/bare", "/written", "/basic", "/token", "/either")
SPELLINGS = ("X-Subject", "x_subject", "X-Service-Key", "X_Service_Key")


def write(folder: Path, *, issuer: str = "http://127.0.0.1:1", port: int = 1) -> Path:
    """Write a sound file and what it names; return its path."""
    (folder / "token").write_text("a token")
    (folder / "master.key").write_text(new_key_text())
    (folder / "master.key").chmod(0o600)
    (folder / "gateway.yaml").write_text(_FILE.format(issuer=issuer, port=port))
    spec = LocalVaultSpec.model_validate({"type": "local", "path": "vault.db", "master_key": "file:master.key"})
    local_store(spec, folder).put("accounts", {"id": Secret("gateway"), "secret": Secret("canary-5d1")})
    return folder / "gateway.yaml"


class Door:
    """A gateway of the file above, and the service behind it."""

    def __init__(self, service: Origin, token: str, port: int) -> None:
        self._service = service
        self._port = port
        self.token = token

    async def seen(self, path: str, **headers: str) -> dict[str, str]:
        """Ask; return the fields that the service received, names in lower case."""
        async with httpx2.AsyncClient(trust_env=False, timeout=5) as client:
            answer = await client.get(f"http://127.0.0.1:{self._port}{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        _, *lines = self._service.heads[-1].decode().strip().split("\r\n")
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Door]:
    async with origin() as service:
        for path in ROUTES:
            service.answers[path] = ok(b"")
        with serve_issuer(0) as issuer:
            loaded = load_checked(write(folder, issuer=issuer.url, port=service.port))
            async with listening(compile_gateway(loaded), loaded.spec, loaded.folder, drain=1) as listeners:
                token = issuer.sign({"sub": "alice", "aud": "accounts"}, life=60)
                yield Door(service, f"Bearer {token}", listeners["public"].port)


# --- what is stripped ----------------------------------------------------------------------------


async def test_what_any_route_writes_a_caller_can_say_on_none(tmp_path: Path) -> None:
    forged = dict.fromkeys(SPELLINGS, "root")
    async with opened(tmp_path) as door:
        said = {path: await door.seen(path, Authorization=door.token, **forged) for path in ROUTES}

    assert [path for path, fields in said.items() if "root" in fields.values()] == []
    assert (said["/written"]["x-subject"], said["/written"]["x-service-key"]) == ("anonymous", "canary-5d1")
    assert all(not {"x-subject", "x-service-key"} & said[path].keys() for path in ROUTES if path != "/written")


async def test_a_token_that_was_for_the_gateway_ends_there(tmp_path: Path) -> None:
    async with opened(tmp_path) as door:
        said = {path: await door.seen(path, Authorization=door.token) for path in ("/token", "/either")}

    assert all("authorization" not in fields for fields in said.values())


async def test_what_a_route_does_not_read_is_the_services_own_business(tmp_path: Path) -> None:
    async with opened(tmp_path) as door:
        bare = await door.seen("/bare", Authorization="Basic eDp5")
        basic = await door.seen("/basic", Authorization="Basic eDp5")

    assert bare["authorization"] == "Basic eDp5"
    assert basic["authorization"] == "Basic Z2F0ZXdheTpjYW5hcnktNWQx"


# --- what a failed start leaves behind -----------------------------------------------------------


class Small:
    """A part that keeps a diary."""

    def __init__(self, name: str, diary: list[str], *, fails: str = "") -> None:
        self._name = name
        self._diary = diary
        self._fails = fails

    async def start(self) -> None:
        self._diary.append(f"start {self._name}")
        if self._fails == "start":
            raise ConfigError(f"{self._name} cannot start")

    async def aclose(self) -> None:
        self._diary.append(f"close {self._name}")
        if self._fails == "close":
            raise OSError(f"{self._name} cannot close")


def gateway(*parts: Small) -> Gateway:
    return Gateway(compile_routes([]), parts, AccessLog())


async def test_when_a_part_fails_to_start_it_and_those_before_it_are_closed() -> None:
    diary: list[str] = []
    one = gateway(Small("a", diary), Small("b", diary), Small("c", diary, fails="start"), Small("d", diary))

    with pytest.raises(ConfigError, match="c cannot start"):
        await one.start()

    assert diary == ["start a", "start b", "start c", "close c", "close b", "close a"]
    await one.aclose()
    assert len(diary) == 6, "nothing is closed twice"


async def test_a_part_that_fails_to_close_keeps_no_other_from_it() -> None:
    diary: list[str] = []
    one = gateway(Small("a", diary), Small("b", diary, fails="close"))
    await one.start()

    with pytest.raises(OSError, match="b cannot close"):
        await one.aclose()

    assert diary[2:] == ["close b", "close a"]


async def test_a_start_that_fails_leaves_no_task_and_no_listener_behind(tmp_path: Path) -> None:
    loaded = load_checked(write(tmp_path))
    (tmp_path / "vault.db").unlink()

    with pytest.raises(ConfigError, match="vault"):
        async with listening(compile_gateway(loaded), loaded.spec, loaded.folder):
            pytest.fail("it listens")

    assert asyncio.all_tasks() == {asyncio.current_task()}
