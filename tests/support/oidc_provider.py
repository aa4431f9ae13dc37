"""A real OpenID provider (the npm package oidc-provider) on loopback, for as long as a test needs it."""

from __future__ import annotations

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.neighbours import free_port
from tests.support.tokens import Signer

HOME = Path(__file__).parent / "oidc-provider"
PATIENCE = 15.0


def node() -> str:
    """Return the path of node, or skip: the provider cannot run."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed")
    if not (HOME / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("oidc-provider is not installed (make node)")
    return found


class Provider:
    """The provider.

    Attributes:
        issuer: its identifier, and where its discovery starts.
    """

    def __init__(
        self,
        port: int,
        tls: Path | None = None,
        asker: dict[str, Any] | None = None,
        clients: Sequence[dict[str, Any]] = (),
    ) -> None:
        self.port = port
        self.issuer = f"{'http' if tls is None else 'https'}://127.0.0.1:{port}"
        self._arguments = [str(port), *([] if tls is None else [str(tls)])]
        self._asker = {"clients": list(clients), **({} if asker is None else {"asker": asker})}
        self._process: Process | None = None

    async def start(self, *signers: Signer) -> None:
        """Start it with these keys; it signs with the first that fits."""
        self._process = await asyncio.create_subprocess_exec(
            *(node(), "provider.mjs", *self._arguments),
            cwd=HOME,
            stdin=PIPE,
            stdout=PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await self.rotate(*signers)

    async def rotate(self, *signers: Signer) -> None:
        """Give it other keys while it runs."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        keys = [one.private_jwk() for one in signers]
        self._process.stdin.write(json.dumps({"keys": keys, **self._asker}).encode() + b"\n")
        while (line := await asyncio.wait_for(self._process.stdout.readline(), PATIENCE)) != b"ready\n":
            assert line, "the provider ended"

    async def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.communicate()
            self._process = None

    async def token(self, alg: str = "es256", scope: str = "read") -> bytes:
        """Return an access token by client credentials (RFC 6749, section 4.4; RFC 8707)."""
        form: dict[str, Any] = {
            "grant_type": "client_credentials",
            "client_id": "robot",
            "client_secret": "known to this test only",
            "resource": f"urn:accounts:{alg}",
            "scope": scope,
        }
        async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            answer = await client.post(f"{self.issuer}/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"]).encode()


@asynccontextmanager
async def oidc_provider(
    *signers: Signer,
    tls: Path | None = None,
    asker: dict[str, Any] | None = None,
    clients: Sequence[dict[str, Any]] = (),
) -> AsyncIterator[Provider]:
    """Run a provider for as long as the block lasts; without keys it is not started yet.

    With a folder in `tls` it speaks TLS (server.pem, server.key) and knows client certificates (ca.pem), and
    the client `signer` by the public key in `asker`. It knows `clients` as well.
    """
    node()
    provider = Provider(free_port(), tls, asker, clients)
    try:
        if signers:
            await provider.start(*signers)
        yield provider
    finally:
        await provider.kill()
