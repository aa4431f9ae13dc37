"""Does an OpenID provider believe an assertion that a key of ours signed, and after a rotation as well?"""

from __future__ import annotations

import ssl
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.oidc_provider import oidc_provider
from tests.support.tokens import Signer

from ostiary.config.oauth import ClientAuthSpec
from ostiary.keys.local import LocalKeeper, LocalRing
from ostiary.keys.material import make
from ostiary.keys.ring import Ring
from ostiary.oauth.client import Around, compile_client
from ostiary.sealed import LocalStore
from ostiary.sealed.crypt import MasterKeys, new_key

pytestmark = pytest.mark.integration

SPEC = ClientAuthSpec.model_validate({"private_key_jwt": {"key": "identity", "client_id": "ring"}})


def known(keys: list[dict[str, str]]) -> dict[str, Any]:
    """What the provider knows of the gateway: its published keys."""
    return {
        "client_id": "ring",
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [{name: value for name, value in key.items() if name != "alg"} for key in keys]},
        "grant_types": ["client_credentials"],
        "redirect_uris": [],
        "response_types": [],
        "id_token_signed_response_alg": "ES256",
    }


async def test_the_provider_gives_a_token_for_each_version_of_the_key(tmp_path: Path) -> None:
    local = LocalRing(LocalStore(tmp_path / "vault.db", MasterKeys(new_key())), "keys/identity")
    tmp_path.chmod(0o700)  # noqa: ASYNC240 - before anything else runs
    now = time.time()
    local.add(make("ec-p256"), now - 10)
    local.add(make("rsa-2048"), now + 600)
    later = Ring("identity", LocalKeeper(local), keep=3600.0, clock=lambda: now + 700)
    rings = [Ring("identity", LocalKeeper(local), keep=3600.0), later]
    async with (
        oidc_provider(Signer("ec-1"), clients=[known(await rings[0].jwks())]) as provider,
        httpx2.AsyncClient(trust_env=False, timeout=15) as client,
    ):
        for ring in rings:
            around = Around({}, tmp_path, {"identity": ring})
            proven = await compile_client(SPEC, provider.issuer, around, ssl.create_default_context(), "here").prove()
            form = {"grant_type": "client_credentials", **proven.form}
            reply = await client.post(f"{provider.issuer}/token", data=form)
            assert reply.status_code == 200, reply.text
            assert reply.json()["access_token"]
