"""Does `explain` say that somebody is revoked?"""

from __future__ import annotations

import pytest
from tests.support.tokens import request

from ostiary.authn.anonymous import AnonymousAuthenticator
from ostiary.authn.compose import First
from ostiary.authn.unrevoked import Unrevoked
from ostiary.errors import GatewayError, InvalidToken, SharedUnavailable
from ostiary.explain.explanation import Note
from ostiary.explain.noting import NotingRevoked
from ostiary.model import Certificate, Principal
from ostiary.reasons import Reason


class List:
    def __init__(self, says: GatewayError | None) -> None:
        self.says = says

    def check(self, principal: Principal, certificate: Certificate | None) -> None:
        if self.says is not None:
            raise self.says


@pytest.mark.parametrize(
    ("says", "verdict", "text"),
    [
        (None, "yes", "nothing of it is revoked"),
        (InvalidToken("revoked: token-1", reason=Reason.TOKEN_REVOKED), "no", "token.revoked: revoked: token-1"),
        (SharedUnavailable("too old", reason=Reason.REVOCATION_UNKNOWN), "unknown", "revocation.unknown: too old"),
    ],
)
async def test_a_step_says_what_the_list_says(says: GatewayError | None, verdict: str, text: str) -> None:
    notes: list[Note] = []
    served = Unrevoked(First([AnonymousAuthenticator("anybody")]), List(says))
    explained = served.over(served.each, NotingRevoked(served.revocations, notes, "gateway.yaml:7"))
    if says is None:
        assert (await explained.authenticate(request())).subject == "anybody"
    else:
        for one in (served, explained):
            with pytest.raises(type(says)):
                await one.authenticate(request())
    assert [(one.verdict, one.text, one.where) for one in notes] == [(verdict, text, "gateway.yaml:7")]
