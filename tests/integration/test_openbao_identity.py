"""Do the identity tokens of a real OpenBao count, through the rotation of its keys?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.openbao import Bao
from tests.support.tokens import request

from ostiary.authn import compile_authenticators
from ostiary.config.schema import AuthenticateSpec, IssuerSpec
from ostiary.errors import InvalidToken
from ostiary.jwks import compile_issuer
from ostiary.reasons import Reason

pytestmark = pytest.mark.integration

DOOR = AuthenticateSpec.model_validate({"jwt": {"issuers": ["bao"]}})
TEMPLATE = '{"tenantId": {{identity.entity.metadata.tenant}}}'


@pytest.fixture
def bao(tmp_path: Path) -> Iterator[Bao]:
    server = Bao(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def somebody(server: Bao) -> str:
    """Make a user with an entity, a key and a role; return a token of that user."""
    server.ask("POST", "sys/auth/userpass", {"type": "userpass"})
    server.ask(
        "PUT", "sys/policies/acl/identity", {"policy": 'path "identity/oidc/token/*" { capabilities = ["read"] }'}
    )
    server.ask("POST", "auth/userpass/users/alice", {"password": "a password", "policies": "identity"})
    accessor = server.ask("GET", "sys/auth")["userpass/"]["accessor"]
    entity = server.ask("POST", "identity/entity", {"name": "alice", "metadata": {"tenant": "t-1"}})["data"]["id"]
    alias = {"name": "alice", "canonical_id": entity, "mount_accessor": accessor}
    server.ask("POST", "identity/entity-alias", alias)
    server.ask("POST", "identity/oidc/key/accounts", {"algorithm": "ES256", "allowed_client_ids": "*"})
    role = {"key": "accounts", "client_id": "accounts", "template": TEMPLATE, "ttl": "5m"}
    server.ask("POST", "identity/oidc/role/accounts", role)
    login = server.ask("POST", "auth/userpass/login/alice", {"password": "a password"}, token="")
    return str(login["auth"]["client_token"])


async def test_an_identity_token_counts_and_its_successor_after_a_rotation(bao: Bao, tmp_path: Path) -> None:
    user = somebody(bao)

    def token() -> bytes:
        return str(bao.ask("GET", "identity/oidc/token/accounts", token=user)["data"]["token"]).encode()

    block: dict[str, Any] = {
        "issuer": f"{bao.address}/v1/identity/oidc",
        "audiences": ["accounts"],
        "algorithms": ["ES256"],
        "keys": {"cooldown": "100ms"},
    }
    issuer = compile_issuer("bao", IssuerSpec.model_validate(block), tmp_path)
    await issuer.start()
    try:
        door = compile_authenticators(DOOR, {"bao": issuer})
        found = await door.authenticate(request(b"Bearer " + token()))
        assert (found.tenant, found.issuer) == ("t-1", "bao")
        bao.ask("POST", "identity/oidc/key/accounts/rotate", {"verification_ttl": "1h"})
        again = await door.authenticate(request(b"Bearer " + token()))
        assert again.subject == found.subject
        with pytest.raises(InvalidToken) as caught:
            await door.authenticate(request(b"Bearer " + token()[:-6] + b"AAAAAA"))
        assert caught.value.reason is Reason.TOKEN_SIGNATURE_INVALID
    finally:
        await issuer.aclose()
