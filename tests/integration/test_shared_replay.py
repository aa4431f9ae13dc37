"""Is what counts once good for one request, however many gateways there are, and what when Redis has troubles?"""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.gateway_process import GatewayProcess, gateway_process
from tests.support.neighbours import free_port
from tests.support.origin import ok, origin
from tests.support.redis_server import PASSWORD, RedisServer, redis  # noqa: F401 - a fixture
from tests.support.tokens import Signer, b64, key_set

from ostiary.errors import SharedUnavailable
from ostiary.jwks.jwk import read_key
from ostiary.model import Credential, Secret
from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity
from ostiary.reasons import Reason
from ostiary.shared import Shared, compile_shared

pytestmark = pytest.mark.integration

BANK = Signer("bank")
MINE = Signer(None, "ES256")
ISSUER = "https://id.example.com"


def document(upstream: str, shared: dict[str, Any]) -> dict[str, Any]:
    jwt = {"issuers": ["bank"]}
    routes = {"bound": {**jwt, "dpop": "required"}, "once": {**jwt, "once": True}, "plain": jwt, "rated": jwt}
    rates = {"rated": [{"per": "subject", "limit": 40, "period": "1h"}]}
    return {
        "version": 1,
        "listeners": {"public": {"bind": "127.0.0.1:0", "plaintext": "accepted"}},
        "issuers": {"bank": {"issuer": ISSUER, "jwks_file": "file:keys.json", "audiences": ["accounts"]}},
        "upstreams": {"one": {"endpoints": [upstream]}},
        "shared": shared,
        "routes": [
            {
                "name": name,
                "match": {"path": f"/{name}"},
                "authenticate": {"jwt": how},
                "authorize": "anyone",
                "upstream": "one",
                "rate": rates.get(name, []),
            }
            for name, how in routes.items()
        ],
    }


def claims(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": ISSUER, "aud": "accounts", "sub": "alice", "iat": now, "exp": now + 600, **more}


def bearer(identifier: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {BANK.token(claims(jti=identifier)).decode()}"}


def proven(identifier: str) -> dict[str, str]:
    """Return a proof for whichever gateway: they have one name."""
    shown = BANK.token(claims(cnf={"jkt": read_key(MINE.jwk(), frozenset(("ES256",))).thumbprint}))
    said = {"jti": identifier, "htm": "GET", "htu": "http://gateway/bound", "iat": int(time.time())}
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": MINE.jwk(kid=None, use=None, alg=None)}
    made = MINE.compact(json.dumps(head), json.dumps({**said, "ath": b64(hashlib.sha256(shown).digest())}))
    return {"Authorization": f"DPoP {shown.decode()}", "DPoP": made.decode(), "Host": "gateway"}


async def ask(gateway: GatewayProcess, path: str, head: dict[str, str]) -> httpx2.Response:
    async with httpx2.AsyncClient() as client:
        return await client.get(f"http://127.0.0.1:{gateway.port}{path}", headers=head)


def said(answer: httpx2.Response) -> str:
    return "allowed" if answer.status_code == 200 else f"{answer.status_code} {answer.json()['reason']}"


@asynccontextmanager
async def gateways(folder: Path, shared: dict[str, Any]) -> AsyncIterator[tuple[GatewayProcess, GatewayProcess]]:
    """Run two gateways with one Redis."""
    async with origin() as upstream:
        upstream.answers |= {f"/{name}": ok(b"fine") for name in ("bound", "once", "plain", "rated")}
        for name in ("first", "second"):
            home = folder / name
            home.mkdir()
            (home / "keys.json").write_bytes(key_set(BANK))
            (home / "gateway.yaml").write_text(json.dumps(document(upstream.url(), shared)))
        async with (
            gateway_process(folder / "first" / "gateway.yaml") as first,
            gateway_process(folder / "second" / "gateway.yaml") as second,
        ):
            yield first, second


async def test_what_one_gateway_has_seen_is_known_to_the_other(
    tmp_path: Path,
    redis: RedisServer,  # noqa: F811 - the fixture
) -> None:
    async with gateways(tmp_path, redis.block()) as (first, second):
        proof, token = proven("p-1"), bearer("t-1")
        assert said(await ask(first, "/bound", proof)) == "allowed"
        assert said(await ask(second, "/bound", proof)) == "401 proof.replayed"
        assert said(await ask(second, "/once", token)) == "allowed"
        assert said(await ask(first, "/once", token)) == "401 token.replayed"
        ends = await asyncio.gather(*(ask(one, "/once", bearer("t-2")) for one in (first, second) * 8))
        assert sorted(map(said, ends)) == ["401 token.replayed"] * 15 + ["allowed"]

        redis.kill()
        refused = await ask(first, "/once", token := bearer("t-3"))
        assert (said(refused), refused.headers["retry-after"]) == ("503 shared.unavailable", "1")
        assert said(await ask(second, "/bound", proven("p-2"))) == "503 shared.unavailable"
        assert said(await ask(first, "/bound", proof)) == "401 proof.replayed"  # it was seen here, whatever Redis does
        assert said(await ask(first, "/plain", bearer("t-4"))) == "allowed"

        redis.start()
        await answers(first, second)
        assert said(await ask(second, "/once", token)) == "allowed"
        assert said(await ask(first, "/once", token)) == "401 token.replayed"
        for gateway in (first, second):
            assert b"t-3" not in gateway.said()


async def answers(*gateways: GatewayProcess) -> None:
    """Wait until Redis has come back for them, and said so."""
    for _ in range(200):
        events = [[event["event"] for event in one.events()] for one in gateways]
        if all(one[-1] == "redis answers" or "redis answers" in one[-2:] for one in events):
            return
        await asyncio.sleep(0.1)
    raise AssertionError([one.events() for one in gateways])


async def test_each_worker_has_one_connection_and_a_reload_leaves_it_at_that(
    tmp_path: Path,
    redis: RedisServer,  # noqa: F811 - the fixture
) -> None:
    async with origin() as upstream:
        upstream.answers["/once"] = ok(b"fine")
        (tmp_path / "keys.json").write_bytes(key_set(BANK))
        file, said_ = tmp_path / "gateway.yaml", document(upstream.url(), redis.block())
        said_["listeners"]["public"]["bind"] = f"127.0.0.1:{(port := free_port())}"
        file.write_text(json.dumps(said_))
        async with gateway_process(file, "--workers", "2", ready="workers ready") as gateway:
            gateway.port = port
            token = bearer("t-1")
            ends = [said(await ask(gateway, "/once", token)) for _ in range(6)]
            assert ends == ["allowed"] + ["401 token.replayed"] * 5
            assert connected(redis) == 2
            gateway.signal(signal.SIGHUP)
            for _ in range(200):
                if sum(one["event"] == "redis answers" for one in gateway.events()) == 4 and connected(redis) == 2:
                    break
                await asyncio.sleep(0.1)
            assert connected(redis) == 2
            assert said(await ask(gateway, "/once", token)) == "401 token.replayed"
            assert said(await ask(gateway, "/once", bearer("t-2"))) == "allowed"
            await gateway.stop()


def connected(server: RedisServer) -> int:
    """Return how many connections there are beside the one that asks."""
    return server.say("CLIENT", "LIST").count(b"addr=127.0.0.1") // 2 - 1


# --- what can happen to Redis, and what becomes of who asks ------------------------------------


@asynccontextmanager
async def line(server: RedisServer, spec: Any = None, **more: Any) -> AsyncIterator[Shared]:
    shared = compile_shared(spec or server.spec(), {}, Path("/"), **more)
    await shared.link.start()
    try:
        yield shared
    finally:
        await shared.aclose()


async def use(shared: Shared, what: bytes, before: float | None = None) -> str:
    try:
        new = await shared.marks.use(what, keep=60, before=time.time() if before is None else before)
    except SharedUnavailable as error:
        return error.detail if error.reason is Reason.SHARED_UNAVAILABLE else str(error.reason)
    return "new" if new else "used"


async def comes_back(shared: Shared) -> None:
    for _ in range(200):
        if shared.link.here:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(shared.link.failure)


async def test_a_server_that_was_started_anew_is_noticed_without_a_refusal(redis: RedisServer) -> None:  # noqa: F811
    async with line(redis) as shared:
        assert await use(shared, b"one") == "new"
        redis.kill()
        redis.start()
        assert await use(shared, b"two") == "new"
        assert shared.link.tally.connected == 2


async def test_what_it_has_forgotten_is_not_taken_for_new(redis: RedisServer) -> None:  # noqa: F811
    spec = redis.spec().model_copy(update={"forgotten": "refuse"})
    async with line(redis, spec) as shared, line(redis, spec) as other:
        made = time.time()
        assert await use(shared, b"proof", made) == "new"
        redis.kill()
        redis.start()
        assert await use(other, b"proof", made) == "shared.forgotten"
        assert await use(other, b"proof of later", time.time() + 1) == "new"


async def test_whoever_asks_a_server_that_hangs_is_refused_in_time(redis: RedisServer) -> None:  # noqa: F811
    async with line(redis) as shared:
        redis.hang()
        began = time.monotonic()
        assert await use(shared, b"one") == "no answer in time"
        assert time.monotonic() - began < 3
        began = time.monotonic()
        assert await use(shared, b"one") == "no answer in time"
        assert time.monotonic() - began < 0.4  # nobody waits for it twice
        redis.go_on()
        await comes_back(shared)
        assert await use(shared, b"two") == "new"


async def test_a_replica_is_not_believed(redis: RedisServer) -> None:  # noqa: F811
    async with line(redis) as shared:
        assert await use(shared, b"one") == "new"
        redis.say("REPLICAOF", "127.0.0.1", "1")
        assert await use(shared, b"two") in ("refused: READONLY", "refused: ReadOnlyError", "the server is a replica")
        for _ in range(100):
            if shared.link.failure == "the server is a replica":
                break
            await asyncio.sleep(0.05)
        assert await use(shared, b"three") == "the server is a replica"
        redis.say("REPLICAOF", "NO", "ONE")
        await comes_back(shared)
        assert await use(shared, b"three") == "new"


async def test_a_server_that_drops_what_it_was_told_is_not_believed(redis: RedisServer) -> None:  # noqa: F811
    redis.say("CONFIG", "SET", "maxmemory", "100mb")
    redis.say("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    async with line(redis) as shared:
        assert "allkeys-lru" in await use(shared, b"one")


RULES = "~ostiary:* +@connection +info +get +set"


async def test_the_gateway_logs_in_with_tls_as_a_user_who_may_little(tmp_path: Path) -> None:
    authority = Authority.create("CA")
    write_certificates(tmp_path / "ca.pem", [authority.certificate])
    write_identity(tmp_path / "server.pem", tmp_path / "server.key", authority.issue_server("localhost"))
    server = RedisServer(tmp_path)
    server.options = (
        *(f"tls-port {server.port}", f"tls-ca-cert-file {tmp_path}/ca.pem", "tls-auth-clients no"),
        *(f"tls-cert-file {tmp_path}/server.pem", f"tls-key-file {tmp_path}/server.key"),
        *("user default off", f"user gateway on >{PASSWORD} {RULES}"),
    )
    server.start()
    try:
        url = f"rediss://localhost:{server.port}"
        (tmp_path / "password").write_text(PASSWORD)
        tls = {"authorities": [f"file:{tmp_path}/ca.pem"]}
        told: Any = {"url": url, "user": "gateway", "password": f"file:{tmp_path}/password", "tls": tls}
        async with line(server, server.spec(**told)) as shared:
            assert await use(shared, b"one") == "new"
            assert await use(shared, b"one") == "used"
        (tmp_path / "password").write_text("another")
        async with line(server, server.spec(**told)) as shared:
            assert "Authentication" in await use(shared, b"two")
        async with line(server, server.spec(url=url)) as shared:  # nobody vouches for it
            assert await use(shared, b"three") != "new"
    finally:
        server.stop()


class Alias:
    """A credential of a vault, which may be away."""

    alias = "redis"
    record: Credential | None = None

    async def get(self) -> Credential:
        if self.record is None:
            raise SharedUnavailable("the vault is away")
        return self.record


async def test_login_and_key_may_come_from_a_vault_and_later(redis: RedisServer) -> None:  # noqa: F811
    redis.say("ACL", "SETUSER", "gateway", "on", f">{PASSWORD}", *RULES.split())
    alias, spec = Alias(), redis.spec(credential="redis").model_copy(update={"key": None, "key_credential": "redis"})
    shared = compile_shared(spec, {"redis": alias}, Path("/"))
    await shared.link.start()
    try:
        assert shared.link.failure == "the vault is away"
        assert await use(shared, b"one") == "the shared key is not known yet"
        alias.record = Credential("redis", "gateway", Secret(PASSWORD), "1")
        await comes_back(shared)
        assert await use(shared, b"one") == "new"
    finally:
        await shared.link.aclose()


def test_tls_believes_nobody_beside_the_authorities_of_the_file(tmp_path: Path) -> None:
    from ostiary.shared.connecting import trust  # noqa: PLC0415 - of this test only

    write_certificates(tmp_path / "ca.pem", [Authority.create("CA").certificate])
    spec: Any = {"url": "rediss://localhost", "tls": {"authorities": [f"file:{tmp_path}/ca.pem"]}}
    context = trust(RedisServer(tmp_path).spec(**spec).redis, Path("/"))
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.cert_store_stats()["x509_ca"] == 1
