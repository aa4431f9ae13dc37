"""Does anything that was decided for one caller, tenant or route ever decide for another?

One gateway with all its memories (verified tokens, joined principals, decisions, introspected tokens, passwords) is
asked in every order. What should come out is worked out from the request alone, each time anew.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.records import Record
from tests.support.tokens import NOW, Clock, Signer, certificate, key_set

from ostiary.authn.api_key import new_key
from ostiary.build import compile_gateway
from ostiary.config.load import load
from ostiary.edge.head import read_head
from ostiary.errors import GatewayError
from ostiary.gateway import Gateway
from ostiary.model import Headers, Peer
from ostiary.model import Record as Noted

BANK, OTHER = Signer("k"), Signer("k")
IDENTIFIERS = {"bank": "https://bank.example", "other": "https://other.example"}
KEYS = {name: new_key() for name in ("robot", "printer")}
FILE = """
version: 1
listeners: {public: {bind: "127.0.0.1:0", plaintext: accepted}}
issuers:
  bank: {issuer: "https://bank.example", jwks_file: "file:bank.json", audiences: [a]}
  other: {issuer: "https://other.example", jwks_file: "file:other.json", audiences: [a, b]}
vaults: {local: {type: local, path: vault.db, master_key: env:NONE}}
credentials: {robot: {vault: local}, printer: {vault: local}}
upstreams: {one: {endpoints: ["http://127.0.0.1:9"]}}
routes:
  - {name: bank, match: {path: /bank}, authenticate: {jwt: {issuers: [bank]}}, authorize: anyone, upstream: one}
  - {name: both, match: {path: /both}, authenticate: {jwt: {issuers: [bank, other]}}, authorize: anyone, upstream: one}
  - name: t1
    match: {path: /t1}
    authenticate: {jwt: {issuers: [bank, other]}}
    authorize: [{tenant: t1}]
    upstream: one
  - name: t2
    match: {path: /t2}
    authenticate: {jwt: {issuers: [bank, other]}}
    authorize: [{tenant: t2}, {environment: live}]
    upstream: one
  - name: rights
    match: {path: /rights}
    authenticate: {all: [{mtls: {subject: cn, allow: [alice, bob]}}, {jwt: {issuers: [bank, other]}}]}
    authorize: [{permissions: {s: {all: [read, write]}}}, {methods: {GET: {s: {any: [read]}}, POST: {s: {any: [write]}}}}]
    upstream: one
  - {name: robots, match: {path: /robots}, authenticate: {api_key: {keys: [robot]}}, authorize: anyone, upstream: one}
  - {name: all, match: {path: /all}, authenticate: {api_key: {keys: [robot, printer]}}, authorize: anyone, upstream: one}
"""


@dataclass(frozen=True)
class Asked:
    """A request, and what it is made of."""

    path: str
    signer: str
    issuer: str
    audience: str
    tenant: str | None
    environment: str
    held: tuple[str, ...]
    method: str
    shown: str | None
    key: str

    def expected(self) -> int:
        """The status, from the request alone; 0: it is let in."""
        if self.path in ("/robots", "/all"):
            return 0 if self.key in ({"robot"} if self.path == "/robots" else set(KEYS)) else 401
        return 401 if not self._proven() else 0 if self._may() else 403

    def _proven(self) -> bool:
        accepted = {"bank": {"a"}, "other": {"a", "b"}}
        issuers = {"bank"} if self.path == "/bank" else set(accepted)
        certified = self.path != "/rights" or self.shown in ("alice", "bob")
        return (
            certified
            and self.issuer in issuers
            and self.signer == self.issuer
            and self.audience in accepted[self.issuer]
        )

    def _may(self) -> bool:
        wanted = {"GET": "read", "POST": "write"}.get(self.method)
        rights = {"read", "write"} <= set(self.held) and wanted in self.held
        rules = {
            "/t1": self.tenant == "t1",
            "/t2": (self.tenant, self.environment) == ("t2", "live"),
            "/rights": rights,
        }
        return rules.get(self.path, True)

    def fields(self) -> list[tuple[bytes, bytes]]:
        secret = KEYS[self.key][0].encode() if self.path in ("/robots", "/all") else token(self)
        return [(b"Host", b"a.example"), (b"Authorization", b"Bearer " + secret)]


TOKENS: dict[Any, bytes] = {}
"""The same claims are the same octets, or no memory would ever be asked."""


def token(asked: Asked) -> bytes:
    parts = (asked.signer, asked.issuer, asked.audience, asked.tenant, asked.environment, asked.held)
    if parts not in TOKENS:
        claims = {
            "iss": IDENTIFIERS[asked.issuer], "aud": asked.audience, "sub": "alice", "iat": NOW, "exp": NOW + 900,
            "environmentId": asked.environment, "permissions": {"s": list(asked.held)},
            **({} if asked.tenant is None else {"tenantId": asked.tenant}),
        }  # fmt: skip
        TOKENS[parts] = {"bank": BANK, "other": OTHER}[asked.signer].token(claims)
    return TOKENS[parts]


ASKED = st.builds(
    Asked,
    path=st.sampled_from(["/bank", "/both", "/t1", "/t2", "/rights", "/robots", "/all"]),
    signer=st.sampled_from(["bank", "other"]),
    issuer=st.sampled_from(["bank", "other"]),
    audience=st.sampled_from(["a", "b"]),
    tenant=st.sampled_from(["t1", "t2", None]),
    environment=st.sampled_from(["live", "test"]),
    held=st.sampled_from([("read", "write"), ("read",), ("write",), ()]),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    shown=st.sampled_from(["alice", "bob", "mallory", None]),
    key=st.sampled_from(list(KEYS)),
)


@pytest.fixture(scope="module")
def house() -> Iterator[tuple[asyncio.Runner, Gateway]]:
    """One gateway for everything that is asked: it remembers more and more."""
    with tempfile.TemporaryDirectory() as name, asyncio.Runner() as runner:
        folder = Path(name)
        (folder / "gateway.yaml").write_text(FILE)
        (folder / "bank.json").write_bytes(key_set(BANK))
        (folder / "other.json").write_bytes(key_set(OTHER))
        sources = {alias: Record(alias, alias, digest) for alias, (_, digest) in KEYS.items()}
        gateway = compile_gateway(load(folder / "gateway.yaml"), clock=Clock(NOW + 1), sources=sources)
        runner.run(gateway.start())
        yield runner, gateway
        runner.run(gateway.aclose())


async def judge(gateway: Gateway, asked: Asked) -> int:
    shown = None if asked.shown is None else CERTIFICATES[asked.shown]
    try:
        request = read_head(
            id="x", method=asked.method, target=asked.path.encode(), headers=Headers.of(asked.fields()),
            peer=Peer("10.0.0.1", shown), scheme="https", body=None, record=Noted(),  # type: ignore[arg-type]
        )  # fmt: skip
        pipeline = gateway.find(request).pipeline
        principal = await pipeline.authenticators.authenticate(request)
        pipeline.policy.permit(principal, request)
    except GatewayError as error:
        return error.status
    return 0


def named(name: str) -> Any:
    return replace(certificate(name.encode()), common_names=(name,), subject=f"CN={name}")


CERTIFICATES = {name: named(name) for name in ("alice", "bob", "mallory")}


@pytest.mark.attack(25)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ASKED, min_size=1, max_size=20))
def test_whatever_was_asked_before_each_request_is_judged_by_what_it_shows(
    house: tuple[asyncio.Runner, Gateway], asked: list[Asked]
) -> None:
    runner, gateway = house

    async def all_of_them() -> list[int]:
        return [await judge(gateway, one) for one in asked]

    assert runner.run(all_of_them()) == [one.expected() for one in asked]


@pytest.mark.attack(25)
def test_tokens_that_are_asked_for_at_once_are_judged_alone(house: tuple[asyncio.Runner, Gateway]) -> None:
    """What waits together for a key set has nothing else in common."""
    runner, gateway = house
    base = Asked("/t1", "bank", "bank", "a", "t1", "live", (), "GET", None, "robot")
    asked = [replace(base, tenant=tenant, signer=signer) for tenant in ("t1", "t2", None)
             for signer in ("bank", "other")] * 5  # fmt: skip

    async def at_once() -> list[int]:
        return list(await asyncio.gather(*(judge(gateway, one) for one in asked)))

    assert runner.run(at_once()) == [one.expected() for one in asked]


def test_some_are_let_in_and_some_are_not() -> None:
    """Or nothing above would prove anything."""
    found = {
        Asked(path, "bank", "bank", "a", tenant, "live", ("read", "write"), "GET", "alice", "robot").expected()
        for path in ("/bank", "/t1", "/t2", "/rights", "/robots")
        for tenant in ("t1", "t2")
    }
    assert found == {0, 403}
