"""Do the tokens of a second, independent OpenID provider count?"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.glewlwyd import glewlwyd
from tests.support.tokens import Signer, request

from ostiary.authn import compile_authenticators
from ostiary.config.schema import AuthenticateSpec, IssuerSpec
from ostiary.errors import InvalidToken
from ostiary.jwks import compile_issuer
from ostiary.reasons import Reason

pytestmark = pytest.mark.distant
DOOR = AuthenticateSpec.model_validate({"jwt": {"issuers": ["wild"]}})


async def test_its_access_tokens_count_for_their_audience_alone(tmp_path: Path) -> None:
    with glewlwyd(tmp_path, Signer("any", "RS256")) as server:
        token = server.token()
        for audience, reason in (("accounts", None), ("another", Reason.TOKEN_AUDIENCE_MISMATCH)):
            block = {"issuer": server.issuer, "audiences": [audience], "types": ["at+jwt"]}
            issuer = compile_issuer("wild", IssuerSpec.model_validate(block), tmp_path)
            await issuer.start()
            door = compile_authenticators(DOOR, {"wild": issuer})
            try:
                if reason is None:
                    found = await door.authenticate(request(b"Bearer " + token))
                    assert (found.subject, found.scopes, found.claims["type"]) == ("robot", "accounts", "access_token")
                else:
                    with pytest.raises(InvalidToken) as caught:
                        await door.authenticate(request(b"Bearer " + token))
                    assert caught.value.reason is reason
            finally:
                await issuer.aclose()
