"""Are requests signed as AWS wants them? botocore signs the same ones, and is asked whether it agrees."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.inject.conftest import CANARY, NoBody, outbound_of

from ostiary.config.schema import UpstreamSpec
from ostiary.config.sigv4 import SigV4Spec
from ostiary.errors import ConfigError, CredentialUnavailable, Forbidden
from ostiary.inject import Tools
from ostiary.inject.sigv4 import Scope, SigV4Injector, derived
from ostiary.model import Credential, Outbound, Permit, Principal, Secret
from ostiary.reasons import Reason

botocore = pytest.importorskip("botocore", reason="botocore is in the test group")
from botocore.auth import S3SigV4Auth, SigV4Auth  # noqa: E402 - only where it is there
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402

ID, KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = calendar.timegm((2026, 11, 23, 12, 36, 0))


class Source:
    def __init__(self, alias: str, name: str, secret: str, *versions: str) -> None:
        self.alias = alias
        self._versions = list(versions) or ["1"]
        self._name, self._secret = name, secret

    async def get(self) -> Credential:
        version = self._versions.pop(0) if len(self._versions) > 1 else self._versions[0]
        return Credential(self.alias, self._name, Secret(self._secret), version)


def signer(**more: Any) -> SigV4Injector:
    usual: dict[str, Any] = {
        "credential": Source("aws", ID, KEY), "session": None, "scope": Scope("eu-west-1", "execute-api"), "host": None,
        "unsigned": False, "passing": frozenset(), "clock": lambda: NOW,
    }  # fmt: skip
    return SigV4Injector(**{**usual, **more})


def request(target: bytes = b"/", method: str = "GET", *headers: tuple[bytes, bytes], length: Any = 0) -> Outbound:
    outbound = outbound_of(target=target, headers=headers)
    outbound.request.method = method
    outbound.request.authority = b"example.amazonaws.com"
    body: Any = NoBody()
    body.length = length
    outbound.request.body = body
    return outbound


def botocores(outbound: Outbound, service: str, token: str | None = None, **headers: str) -> str:
    """Return the header that botocore writes for a request."""
    url = "https://example.amazonaws.com" + outbound.target.decode()
    asked = AWSRequest(method=outbound.request.method, url=url, headers={"Host": "example.amazonaws.com", **headers})
    cls = S3SigV4Auth if service == "s3" else SigV4Auth
    auth = cls(Credentials(ID, KEY, token), service, "eu-west-1")
    now = datetime.fromtimestamp(NOW, UTC)
    with patch("botocore.auth.get_current_datetime", lambda *_, **__: now):
        if headers.get("X-Amz-Content-SHA256") == "UNSIGNED-PAYLOAD":
            asked.context["client_config"] = SimpleNamespace(s3={"payload_signing_enabled": False})
        auth.add_auth(asked)
    return str(asked.headers["Authorization"])


async def signed(injector: SigV4Injector, outbound: Outbound) -> str:
    await injector.inject(outbound)
    value = outbound.headers.get(b"authorization")
    assert value is not None
    return value.decode()


def test_the_key_of_the_example_in_the_documentation():
    key = derived(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215/us-east-1/iam/aws4_request")
    assert key.hex() == "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"


TARGETS = [
    b"/", b"/a/b", b"/a%20b", b"/~user/x.y-z_", b"/a?b=c", b"/a?b=2&a=1&a=0", b"/?flag", b"/?a=&b", b"/a?x=%2F%20~",
    b"/%E2%98%83?k=%E2%98%83", b"/a,b(c)?q=a%3Ab", b"/a;b=1",
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_botocore_signs_the_same(target, method):
    outbound = request(target, method)
    expected = botocores(outbound, "execute-api")
    assert await signed(signer(), outbound) == expected


@pytest.mark.parametrize("target", [b"/", b"/bucket/a/b", b"/bucket/a%20b%2Bc?acl&prefix=a%2Fb", b"/%E2%98%83"])
async def test_botocore_signs_the_same_for_s3(target):
    outbound = request(target)
    expected = botocores(outbound, "s3")
    assert await signed(signer(scope=Scope("eu-west-1", "s3")), outbound) == expected
    assert outbound.headers.get(b"x-amz-content-sha256") is not None


async def test_botocore_signs_the_same_for_an_unsigned_body_and_a_session():
    outbound = request(b"/bucket/key", "PUT", (b"Content-Type", b"text/plain"), length=None)
    session = Source("session", "", "a/session+token==")
    injector = signer(
        scope=Scope("eu-west-1", "s3"), unsigned=True, session=session, passing=frozenset({b"content-type"})
    )
    value = await signed(injector, outbound)
    expected = botocores(
        outbound,
        "s3",
        "a/session+token==",
        **{"Content-Type": "text/plain", "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"},
    )
    assert value == expected
    assert outbound.headers.get(b"x-amz-security-token") == b"a/session+token=="


TEXT = st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x2FF, exclude_characters="/"), max_size=8)


@given(
    path=st.lists(TEXT.filter(lambda t: t not in ("", ".", "..")), max_size=3),
    query=st.lists(st.tuples(TEXT, TEXT), max_size=4),
)
async def test_botocore_signs_the_same_whatever_is_asked_for(path, query):
    target = "/" + "/".join(quote(one, safe="-_.~") for one in path)
    target += "?" + "&".join(f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}" for n, v in query) if query else ""
    for service in ("execute-api", "s3"):
        outbound = request(target.encode())
        expected = botocores(outbound, service)
        assert await signed(signer(scope=Scope("eu-west-1", service)), outbound) == expected


async def test_the_host_is_the_one_that_is_sent():
    outbound = request()
    outbound.request.authority = b"api.example.com"
    value = await signed(signer(host=b"example.amazonaws.com"), outbound)
    assert value == botocores(request(), "execute-api")


async def test_orders_of_the_caller_are_not_signed_in_the_gateways_name():
    orders = ((b"X-Amz-Copy-Source", b"/secret/key"), (b"x_amz_acl", b"public-read"), (b"X-Amz-Meta-A", b" 1   2 "))
    outbound = request(b"/", "GET", (b"Accept", b"*/*"), *orders)
    value = await signed(signer(passing=frozenset({b"x-amz-meta-a"})), outbound)
    assert [name for name, _ in outbound.headers] == [b"Accept", b"X-Amz-Meta-A", b"X-Amz-Date", b"Authorization"]
    assert value == botocores(request(), "execute-api", **{"X-Amz-Meta-A": " 1   2 "})


@pytest.mark.parametrize("length", [1, None])
async def test_a_body_that_cannot_be_signed_is_not_sent(length):
    outbound = request(b"/", "POST", length=length)
    with pytest.raises(Forbidden) as caught:
        await signer().inject(outbound)
    assert caught.value.reason is Reason.INJECTION_UNSAFE
    assert outbound.headers.get(b"authorization") is None


@pytest.mark.parametrize("name", ["", "a b", "a\r\n", "a/b", "é", "a,b", "x" * 129])
async def test_what_is_no_key_of_aws_is_not_sent(name):
    with pytest.raises(CredentialUnavailable) as caught:
        await signer(credential=Source("aws", name, CANARY)).inject(request())
    assert caught.value.reason is Reason.CREDENTIAL_UNUSABLE
    assert CANARY not in caught.value.detail


async def test_key_and_session_token_are_of_one_version():
    torn = signer(credential=Source("aws", ID, KEY, "1", "2"), session=Source("session", "", "token", "2"))
    await torn.inject(request())
    two = signer(credential=Source("aws", ID, KEY, "1"), session=Source("session", "", "token", "2"))
    with pytest.raises(CredentialUnavailable) as caught:
        await two.inject(request())
    assert caught.value.retry_after == 1


class Several:
    """Each caller's own key."""

    alias = "aws"

    def __init__(self, **keys: Source) -> None:
        self._keys = keys

    def of(self, outbound: Outbound) -> Source:
        return self._keys[outbound.permit.principal.subject]


async def test_each_caller_signs_with_its_own_key_and_session_token() -> None:
    keys = Several(ada=Source("aws", "AKIDADA", "one"), bob=Source("aws", "AKIDBOB", "two"))
    tokens = Several(ada=Source("session", "", "of-ada"), bob=Source("session", "", "of-bob"))
    injector = signer(credential=keys, session=tokens)
    seen = {}
    for name in ("ada", "bob", "ada"):
        outbound = request()
        outbound.permit = Permit(Principal(subject=name, issuer="bank", method="jwt"), "anyone")
        await injector.inject(outbound)
        value = (outbound.headers.get(b"authorization") or b"").decode()
        assert outbound.headers.get(b"x-amz-security-token") == f"of-{name}".encode()
        assert f"Credential=AKID{name.upper()}/" in value
        assert seen.setdefault(name, value) == value
    alone = request()
    alone.permit = Permit(Principal(subject="ada", issuer="bank", method="jwt"), "anyone")
    await signer(credential=Source("aws", "AKIDADA", "one"), session=Source("session", "", "of-ada")).inject(alone)
    assert (alone.headers.get(b"authorization") or b"").decode() == seen["ada"]


async def test_a_new_key_and_a_new_day_are_used_at_once():
    source, now = Source("aws", ID, KEY), [float(NOW)]
    injector = signer(credential=source, clock=lambda: now[0])
    first = await signed(injector, request())
    assert await signed(injector, request()) == first
    source._secret = "another"
    assert await signed(injector, request()) != first
    now[0] += 86400
    assert "/20261124/" in await signed(injector, request())


async def test_neither_the_injector_nor_the_request_tells_the_key():
    injector, outbound = signer(credential=Source("aws", ID, CANARY)), request()
    await injector.inject(outbound)
    assert CANARY not in f"{injector!r}{outbound.headers.fields!r}"
    assert outbound.request.record.credential == "aws"


def test_several_endpoints_with_hosts_of_their_own_stop_the_start():
    tools = Tools({"aws": Source("aws", ID, KEY)})
    spec = SigV4Spec(credential="aws", region="eu-west-1", service="s3")
    upstream = {"endpoints": ["https://a.example", "https://b.example:8443"], "host": "endpoint"}
    with pytest.raises(ConfigError):
        tools.towards(UpstreamSpec.model_validate(upstream)).signer(spec, tools.credential)
    assert (
        tools.towards(UpstreamSpec.model_validate(upstream | {"host": "preserve"})).signer(spec, tools.credential).host
        is None
    )
    one = tools.towards(UpstreamSpec.model_validate(upstream | {"endpoints": ["https://b.example:8443"]}))
    assert one.signer(spec, tools.credential).host == b"b.example:8443"
