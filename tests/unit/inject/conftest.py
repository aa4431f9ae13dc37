"""What an injector works on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ostiary.model import Credential, Headers, Outbound, Peer, Permit, Principal, Record, Request, Secret

CANARY = "canary-b8e210"


class Given:
    """A credential source that gives what the test says."""

    alias = "legacy"

    def __init__(self, name: str = "svc", secret: str | bytes = CANARY, version: str = "1") -> None:
        self.credential = Credential("legacy", name, Secret(secret), version)
        self.asked = 0

    async def get(self) -> Credential:
        self.asked += 1
        return self.credential


class NoBody:
    length = 0

    def flow_to(self, sink: object) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...


def outbound_of(
    principal: Principal | None = None, target: bytes = b"/p", headers: tuple[tuple[bytes, bytes], ...] = ()
) -> Outbound:
    who = principal or Principal("alice", "bank", "jwt")
    request = Request(
        id="req-1", method="GET", target=target, path="/p", host="h", authority=b"h", scheme="https",
        headers=Headers(), peer=Peer("127.0.0.1"), body=NoBody(), record=Record(),
    )  # fmt: skip
    return Outbound(Permit(who, "route"), request, target, Headers.of(headers))


@pytest.fixture
def outbound() -> Outbound:
    return outbound_of()


@pytest.fixture
def claiming() -> Callable[..., Outbound]:
    """Return an outbound head whose principal has these claims."""

    def make(**claims: Any) -> Outbound:
        return outbound_of(Principal("alice", "bank", "jwt", claims=claims))

    return make
