"""How is the upstream shown a credential in `Authorization`?"""

from __future__ import annotations

import base64
import traceback

import pytest
from tests.unit.inject.conftest import CANARY, Given, outbound_of

from ostiary.errors import CredentialUnavailable
from ostiary.inject import basic as basic_room
from ostiary.inject.basic import basic
from ostiary.inject.bearer import bearer
from ostiary.model import Credential, Secret
from ostiary.reasons import Reason


async def written(injector, outbound) -> list[tuple[bytes, bytes]]:
    await injector.inject(outbound)
    return list(outbound.headers)


async def test_the_example_of_rfc_7617(outbound):
    given = Given("Aladdin", "open sesame")
    assert await written(basic(given), outbound) == [(b"Authorization", b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")]


async def test_the_utf_8_example_of_rfc_7617(outbound):
    given = Given("test", "123\u00a3")
    assert await written(basic(given), outbound) == [(b"Authorization", b"Basic dGVzdDoxMjPCow==")]


async def test_a_colon_in_the_password_is_the_passwords(outbound):
    ((_, value),) = await written(basic(Given("svc", "a:b")), outbound)
    assert base64.b64decode(value.removeprefix(b"Basic ")) == b"svc:a:b"


@pytest.mark.parametrize(
    ("name", "secret"), [("a:b", "s"), ("a\r\nX: y", "s"), ("a", "s\n"), ("a", "s\x00"), ("a\x7f", "s"), ("", "s")]
)
async def test_what_basic_cannot_say_is_not_sent(outbound, name, secret):
    with pytest.raises(CredentialUnavailable) as caught:
        await basic(Given(name, secret)).inject(outbound)
    assert caught.value.reason is Reason.CREDENTIAL_UNUSABLE
    assert len(outbound.headers) == 0


async def test_a_bearer_token_is_sent_as_it_is(outbound):
    assert await written(bearer(Given("", "7|abc.DEF-_~+/=")), outbound) == [
        (b"Authorization", b"Bearer 7|abc.DEF-_~+/=")
    ]


@pytest.mark.parametrize("secret", ["a b", "a\r\nX: y", "a\x00", "é", "a\t", " a"])
async def test_what_cannot_be_a_token_is_not_sent(outbound, secret):
    with pytest.raises(CredentialUnavailable) as caught:
        await bearer(Given("", secret)).inject(outbound)
    assert caught.value.reason is Reason.CREDENTIAL_UNUSABLE
    assert len(outbound.headers) == 0


@pytest.mark.attack(44)
@pytest.mark.parametrize("make", [basic, bearer])
async def test_whatever_the_caller_sent_is_replaced_in_every_spelling(make):
    outbound = outbound_of(headers=((b"Authorization", b"mine"), (b"AUTHORIZATION", b"mine"), (b"Accept", b"*/*")))
    names = [name for name, _ in await written(make(Given()), outbound)]
    assert names == [b"Accept", b"Authorization"]


@pytest.mark.parametrize("make", [basic, bearer])
def test_it_owns_authorization(make):
    assert make(Given()).owns == frozenset({b"authorization"})


async def test_the_log_learns_alias_and_version_only(outbound):
    await basic(Given(version="7")).inject(outbound)
    assert (outbound.request.record.credential, outbound.request.record.credential_version) == ("legacy", "7")
    assert CANARY not in repr(outbound.request.record)


async def test_a_credential_is_encoded_once_per_version(monkeypatch):
    calls = []
    real = basic_room.base64.b64encode
    monkeypatch.setattr(basic_room.base64, "b64encode", lambda octets: calls.append(1) or real(octets))
    given = Given()
    injector = basic(given)
    for _ in range(5):
        await injector.inject(outbound_of())
    assert len(calls) == 1
    given.credential = Credential("legacy", "svc", Secret("new"), "2")
    outbound = outbound_of()
    await injector.inject(outbound)
    assert (len(calls), given.asked) == (2, 6)
    assert outbound.headers.get(b"authorization") == b"Basic " + real(b"svc:new")


async def test_a_credential_that_is_not_there_ends_the_request(outbound):
    class Missing(Given):
        async def get(self) -> Credential:
            raise CredentialUnavailable("no", retry_after=5)

    with pytest.raises(CredentialUnavailable):
        await basic(Missing()).inject(outbound)


@pytest.mark.parametrize(("make", "secret"), [(basic, f"{CANARY}\n"), (bearer, f"{CANARY} x")])
async def test_a_refusal_does_not_tell_the_secret(make, secret, outbound):
    with pytest.raises(CredentialUnavailable) as caught:
        await make(Given("svc", secret)).inject(outbound)
    assert CANARY not in f"{caught.value!r} {caught.value.detail} {caught.value.__context__!r}"
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in shown.stack if "ostiary/inject/" in frame.filename]
    assert len(ours) >= 2
    assert CANARY not in repr([frame.locals for frame in ours])
    assert CANARY not in repr(make(Given("svc", secret)))
