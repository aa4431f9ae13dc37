"""Does a secret of any vault show anywhere but upstream?

One gateway with a vault of every kind, each with one marker in every secret. Its callers are served, some get
problems because a field is missing; then everything that anybody can read is searched for the marker. The
libraries' own logs, at level DEBUG, are searched by the suite of cases.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.gateway_process import gateway_process, ostiary
from tests.support.vaults.backend import Backend
from tests.support.vaults.cloud import shared as emulated
from tests.support.vaults.front import Answered, Asked, Front
from tests.support.vaults.kinds import KINDS
from tests.support.vaults.openbao import shared

from ostiary.config.spec import Spec
from ostiary.config.values import FileRef, SecretRef
from ostiary.config.vaults import CacheSpec
from ostiary.config.vaults.http import JsonPath

pytestmark = pytest.mark.integration

CANARY = "canary-0f3c55e1"


@pytest.fixture
def backends(tmp_path: Path) -> Iterator[list[Backend]]:
    with ExitStack() as stack:
        for server, name in ((shared, "bao"), (emulated, "moto")):
            (tmp_path / name).mkdir()
            stack.enter_context(server(tmp_path / name))
        made = []
        for kind in KINDS:
            folder = tmp_path / kind.name
            folder.mkdir(mode=0o700)
            made.append(kind(folder))
            stack.callback(made[-1].close)
            made[-1].put("crm", "svc", f"{CANARY}-{kind.name}")
        yield made


@pytest.fixture
def upstream() -> Iterator[Front]:
    front = Front(lambda _: Answered(200, b"served"))
    yield front
    front.close()


def plain(value: Any, folder: Path) -> Any:  # noqa: PLR0911 - one for each kind of value
    """Return a block of the language as it stands in a file."""
    match value:
        case Spec():
            found = {name: plain(getattr(value, name), folder) for name in value.model_fields_set}
            if found.get("type") in ("local", "files", "age"):
                found["path"] = str(folder / found["path"])
            return found
        case FileRef():
            return f"file:{folder / value.path}"
        case SecretRef(kind="file", name=name):
            return f"file:{folder / name}"
        case JsonPath():
            return "$" + "".join(f"['{step}']" if isinstance(step, str) else f"[{step}]" for step in value.steps)
        case float():
            return f"{value}s"
        case tuple():
            return [plain(one, folder) for one in value]
        case dict():
            return {name: plain(one, folder) for name, one in value.items()}
    return value


def configuration(backends: list[Backend], upstream: Front) -> dict[str, Any]:
    vaults, credentials, routes = {}, {}, []
    for backend in backends:
        others, shown = backend.others()
        vaults |= {name: plain(one, backend.folder) for name, one in others.items()}
        vaults[backend.name] = plain(backend.spec(CacheSpec(ttl=60.0)), backend.folder)
        credentials |= {name: plain(one, backend.folder) for name, one in shown.items()}
        for alias, options in ((backend.name, {}), (f"{backend.name}-broken", {"secret": "absent-field"})):
            credentials[alias] = {**plain(backend.credential("crm", **options), backend.folder), "vault": backend.name}
            routes.append(
                {
                    "name": alias,
                    "match": {"path": f"/{alias}"},
                    "authenticate": {"anonymous": {}},
                    "authorize": "anyone",
                    "inject": [{"bearer": {"credential": alias}}],
                    "upstream": "legacy",
                }
            )
    return {
        "version": 1,
        "listeners": {"public": {"bind": "127.0.0.1:0"}},
        "admin": {"bind": "127.0.0.1:0"},
        "vaults": vaults,
        "credentials": credentials,
        "upstreams": {"legacy": {"endpoints": [upstream.address]}},
        "routes": routes,
    }


def command_lines() -> list[bytes]:
    """Return what everybody on this machine can see of every process."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            found.append(file.read_bytes())
    return found


def bearer(asked: Asked) -> str:
    return asked.headers["authorization"].removeprefix("Bearer ")


async def test_a_secret_is_shown_to_the_upstream_and_to_nobody_else(
    backends: list[Backend], upstream: Front, tmp_path: Path
):
    file = tmp_path / "gateway.yaml"
    file.write_text(json.dumps(configuration(backends, upstream)))  # JSON is YAML
    shown: list[bytes] = []
    async with gateway_process(file) as gateway, httpx2.AsyncClient(trust_env=False, timeout=20) as caller:
        ports = {event["listener"]: event["port"] for event in gateway.events() if event["event"] == "listening"}
        for backend in backends:
            reply = await caller.get(f"http://127.0.0.1:{ports['public']}/{backend.name}")
            assert reply.status_code == 200, (backend.name, reply.text, gateway.said().decode())
            broken = await caller.get(f"http://127.0.0.1:{ports['public']}/{backend.name}-broken")
            assert broken.status_code == 503, backend.name
            shown += [reply.content, str(reply.headers).encode(), broken.content, str(broken.headers).encode()]
        for page in ("/metrics", "/config", "/readyz?verbose", "/readyz", "/"):
            shown.append((await caller.get(f"http://127.0.0.1:{ports['admin']}{page}")).content)
        shown += command_lines()
        shown.append(await ostiary("vault", "test", *(one.name for one in backends), "--config", file, "--json"))
        shown.append(await ostiary("check", file, "--format", "json"))
        await gateway.stop()
        shown.append(gateway.said())
    assert {bearer(asked) for asked in upstream.asked} == {f"{CANARY}-{one.name}" for one in backends}
    assert b"ostiary_credential_usable" in b"".join(shown)
    assert all(CANARY.encode() not in one for one in shown)
