"""What of a request's head passes to the upstream?"""

from __future__ import annotations

import pytest
from tests.support.wire import PERMIT, request

from ostiary.errors import InternalError
from ostiary.model import Headers, Outbound, fold
from ostiary.upstream.headers import Opening
from ostiary.upstream.http1.head import request_head


def passed(*fields: tuple[bytes, bytes], strip: frozenset[bytes] = frozenset()) -> dict[bytes, bytes]:
    return dict(Opening(strip).open(request("GET", *fields), PERMIT).headers)


@pytest.mark.parametrize(
    "name",
    [
        *("Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer"),
        *("Transfer-Encoding", "Upgrade", "Content-Length", "Host", "Expect", "HTTP2-Settings", "Proxy"),
    ],
)
def test_what_is_about_one_connection_does_not_pass(name: str) -> None:
    assert name.encode() not in passed((name.encode(), b"evil"))


@pytest.mark.attack(35)
@pytest.mark.parametrize(
    "name",
    [
        *("X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X-Envoy-Original-Path", "X-Forwarded-Uri"),
        *("X-Forwarded-Prefix", "X-Forwarded-Method", "X-Forwarded-Server", "X-Forwarded-Port", "X-Forwarded-User"),
    ],
)
def test_another_path_or_place_told_by_the_caller_does_not_pass(name: str) -> None:
    assert name.encode() not in passed((name.encode(), b"/admin"))


@pytest.mark.attack(42)
@pytest.mark.parametrize(
    "name",
    [
        *("Client-IP", "Client_Ip", "CF-Connecting-IP", "Fastly-Client-IP", "True-Client-IP", "X-Client-IP"),
        *("X-Envoy-External-Address", "X-Original-Forwarded-For", "X-Host", "X-HTTP-Host-Override", "X-Real-IP"),
        *("Forwarded-For", "X-Remote-IP", "X-Remote-Addr", "X-Originating-IP", "Fly-Client-IP", "DO-Connecting-IP"),
        *("Proxy-Client-IP", "WL-Proxy-Client-IP", "X-Azure-ClientIP", "X-Azure-SocketIP"),
    ],
)
def test_another_address_or_host_told_by_the_caller_does_not_pass(name: str) -> None:
    assert name.encode() not in passed((name.encode(), b"127.0.0.1"))


@pytest.mark.attack(42)
@pytest.mark.parametrize("name", ["X-Scheme", "X-Url-Scheme", "Front-End-Https", "WL-Proxy-SSL", "X-Forwarded-Ssl"])
def test_another_scheme_told_by_the_caller_does_not_pass(name: str) -> None:
    assert name.encode() not in passed((name.encode(), b"https"))


@pytest.mark.attack(39)
@pytest.mark.parametrize(
    "name",
    [
        *("Remote-User", "REMOTE_USER", "X-Remote-User", "X-MS-CLIENT-PRINCIPAL", "X-MS-CLIENT-PRINCIPAL-ID"),
        *("X-MS-CLIENT-PRINCIPAL-NAME", "X-Goog-IAP-JWT-Assertion", "X-Goog-Authenticated-User-Email"),
        *("X-Goog-Authenticated-User-Id", "X-Amzn-Oidc-Data", "X-Amzn-Oidc-Identity", "X-Amzn-Oidc-Accesstoken"),
        *("Cf-Access-Jwt-Assertion", "Cf-Access-Authenticated-User-Email", "X-Middleware-Subrequest"),
    ],
)
def test_who_another_gateway_has_let_in_is_not_told_by_the_caller(name: str) -> None:
    assert name.encode() not in passed((name.encode(), b"root"))


@pytest.mark.attack(36)
@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_another_method_told_by_the_caller_does_not_pass(name: str) -> None:
    assert name.encode() not in passed((name.encode(), b"DELETE"))


@pytest.mark.attack(39, 40)
@pytest.mark.parametrize(
    "name", [b"X-User", b"x-user", b"X_User", b"x.user", b"X-uSER", *(b"X%cUser" % one for one in b"!#$%&'*+.^_`|~")]
)
def test_what_an_injector_writes_is_removed_in_every_spelling(name: bytes) -> None:
    assert name not in passed((name, b"root"), strip=frozenset({b"x-user"}))


@pytest.mark.attack(44)
def test_evidence_that_was_used_does_not_pass() -> None:
    assert b"Authorization" not in passed((b"Authorization", b"Bearer x"), strip=frozenset({b"authorization"}))


def test_what_connection_names_does_not_pass() -> None:
    got = passed((b"Connection", b"close, X-Hop ,x_other"), (b"X-Hop", b"1"), (b"X-Other", b"2"), (b"X-Stays", b"3"))
    assert b"X-Hop" not in got
    assert b"X-Other" not in got
    assert got[b"X-Stays"] == b"3"


@pytest.mark.attack(41)
def test_what_the_gateway_says_cannot_be_named_away() -> None:
    got = passed((b"Connection", b"X-Forwarded-For, X-Forwarded-Proto, X-Request-Id, Host"))
    assert got[b"X-Forwarded-For"] == b"192.0.2.7"
    assert got[b"X-Forwarded-Proto"] == b"https"
    assert got[b"X-Request-Id"] == b"id-1"


@pytest.mark.attack(42)
@pytest.mark.parametrize(
    "name",
    [b"X-Forwarded-For", b"x_forwarded_for", b"Forwarded", b"X-Real-IP", b"X-Forwarded-Host", b"X-Forwarded-Proto"],
)
def test_where_a_request_comes_from_is_said_by_the_gateway_alone(name: bytes) -> None:
    head = Opening(frozenset()).open(request("GET", (name, b"203.0.113.9")), PERMIT).headers
    assert all(value != b"203.0.113.9" for _, value in head)
    assert head.all(b"x-forwarded-for") == [b"192.0.2.7"]
    assert head.all(b"x-forwarded-host") == [b"api.example.com:8443"]


@pytest.mark.attack(43)
@pytest.mark.parametrize(
    "name",
    [
        *("X-Forwarded-Client-Cert", "Client-Cert", "Client-Cert-Chain", "X-SSL-Client-Verify", "SSL-Client-S-DN"),
        *(
            "X-Client-Cert-Subject",
            "X-Forwarded-Tls-Client-Cert-Info",
            "x_ssl_cert",
            "X-Amzn-Mtls-Clientcert",
            "X-ARR-ClientCert",
        ),
    ],
)
def test_a_certificate_told_by_the_caller_does_not_pass(name: str) -> None:
    assert name.encode() not in passed((name.encode(), b"CN=root"))


def test_the_rest_passes_as_it_was_spelt_and_in_its_order() -> None:
    fields = ((b"AcCept", b"*/*"), (b"Cookie", b"a=1"), (b"Cookie", b"b=2"), (b"X-Odd_Name", b"yes"))
    head = Opening(frozenset()).open(request("GET", *fields), PERMIT).headers
    assert tuple(head)[:4] == fields


def test_names_that_somebody_makes_up_do_not_fill_the_memory() -> None:
    opening = Opening(frozenset())
    for number in range(3000):
        opening.open(request("GET", (b"X-%d" % number, b"1")), PERMIT)
    assert len(opening._passing._judged) <= 1024
    assert opening._passing.lets(b"x-real-ip") is False  # judged all the same when it is not remembered


@pytest.mark.parametrize(
    ("value", "target"),
    [
        (b"a\r\nX-Evil: 1", b"/"),
        (b"a\nb", b"/"),
        (b"a\rb", b"/"),
        (b"a\0b", b"/"),
        (b"a", b"/ HTTP/1.1"),
        (b"a", b"/\r\n"),
    ],
)
def test_a_value_that_would_end_its_line_is_never_sent(value: bytes, target: bytes) -> None:
    outbound = Outbound(PERMIT, request(), target, Headers.of([(b"X-Injected", value)]))
    with pytest.raises(InternalError) as caught:
        request_head(outbound, b"h", 0)
    assert "Evil" not in str(caught.value)


@pytest.mark.attack(40)
def test_folding_is_what_names_are_compared_by() -> None:
    assert fold(b"X_Forwarded.For") == b"x-forwarded-for"
    assert fold(b"!#$%&'*+-.^_`|~09AZaz") == b"---------------09azaz"
