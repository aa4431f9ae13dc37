"""What does each dialect take for an ask, and what does it refuse to understand?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.wire import Content

from ostiary.edge.decide.ask import Asked, NotAsked
from ostiary.edge.decide.dialects import HEADERS, READERS
from ostiary.edge.decide.request import check_authorization, request_of
from ostiary.errors import BadRequest, TargetTooLong
from ostiary.model import Headers, Peer, Record, Request

HEAD = {
    "X-Forwarded-Method": "POST",
    "X-Forwarded-Uri": "/accounts/1?a=b",
    "X-Forwarded-Host": "api.example.com",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "192.0.2.7",
}
CGI = {
    "REQUEST_METHOD": "POST",
    "REQUEST_URI": "/accounts/1?a=b",
    "HTTP_HOST": "api.example.com",
    "HTTPS": "on",
    "REMOTE_ADDR": "192.0.2.7",
    "HTTP_AUTHORIZATION": "Bearer abc",
    "HTTP_X_API_KEY": "key",
}
BY_FIELDS = ("nginx", "haproxy", "caddy", "traefik")


def ask(dialect: str, *more: tuple[str, str], target: str = "/decide", without: str = "", **changed: str) -> Request:
    fields = (CGI if dialect == "apache" else HEAD) | {name.replace("_", "-"): value for name, value in changed.items()}
    pairs = [*((name, value) for name, value in fields.items() if name != without), *more]
    return Request(
        id="r1",
        method="GET",
        target=target.encode(),
        path="/decide",
        host="ostiary",
        authority=b"ostiary",
        scheme="http",
        headers=Headers.of([(name.encode(), value.encode()) for name, value in pairs]),
        peer=Peer(""),
        body=Content(),
        record=Record(),
    )


def read(dialect: str, request: Request) -> Asked:
    return READERS[dialect](request)


@pytest.mark.parametrize("dialect", [*BY_FIELDS, "apache"])
def test_an_ask_says_what_the_caller_asked_for(dialect):
    asked = read(dialect, ask(dialect))
    assert (asked.method, asked.target, asked.authority) == ("POST", b"/accounts/1?a=b", b"api.example.com")
    assert (asked.scheme, asked.address, asked.explain) == ("https", "192.0.2.7", False)


@pytest.mark.parametrize("dialect", BY_FIELDS)
@pytest.mark.parametrize("name", HEAD)
def test_a_field_that_is_missing_or_there_twice_is_no_ask(dialect, name):
    with pytest.raises(NotAsked, match=f"{name.lower()} is missing"):
        read(dialect, ask(dialect, without=name))
    with pytest.raises(NotAsked, match=f"{name.lower()} is there twice"):
        read(dialect, ask(dialect, (name.lower(), HEAD[name])))


@pytest.mark.parametrize("name", ["REQUEST_METHOD", "REQUEST_URI", "HTTP_HOST", "REMOTE_ADDR"])
def test_a_variable_of_apache_that_is_missing_or_there_twice_is_no_ask(name):
    with pytest.raises(NotAsked, match="missing"):
        read("apache", ask("apache", without=name))
    with pytest.raises(NotAsked, match="twice"):
        read("apache", ask("apache", (name, CGI[name])))


@pytest.mark.parametrize("dialect", BY_FIELDS)
@pytest.mark.parametrize(
    "alias", ["X_Forwarded_Uri", "X.Forwarded.Uri", "X-Original-URI", "X-Original-URL", "X-Forwarded-Prefix"]
)
def test_other_names_and_spellings_mean_nothing(dialect, alias):
    asked = read(dialect, ask(dialect, (alias, "/open")))
    assert asked.target == b"/accounts/1?a=b"
    with pytest.raises(NotAsked):
        read(dialect, ask(dialect, (alias, "/open"), without="X-Forwarded-Uri"))


@pytest.mark.parametrize("dialect", BY_FIELDS)
def test_what_the_proxy_says_is_no_field_of_the_caller_s(dialect):
    asked = read(
        dialect, ask(dialect, ("X_Forwarded_Uri", "/open"), ("X_Client_Cert", "x"), ("X-Client-Cert", "y"), ("A", "b"))
    )
    assert [name for name, _ in asked.headers] == [b"A"]
    assert asked.certificate == (None if dialect == "traefik" else b"y")  # its own goes by another name


@pytest.mark.parametrize("dialect", BY_FIELDS)
def test_a_certificate_that_is_told_twice_is_no_ask(dialect):
    name = HEADERS[dialect].decode()
    with pytest.raises(NotAsked, match="twice"):
        read(dialect, ask(dialect, (name, "x"), (name, "x")))


def test_a_caller_s_field_is_no_variable_of_apache_s_own():
    asked = read(
        "apache", ask("apache", ("HTTP_REQUEST_URI", "/open"), ("HTTP_OSTIARY_CERT", "x"), ("HTTP_REMOTE_ADDR", "::1"))
    )
    assert asked.target == b"/accounts/1?a=b"
    assert asked.certificate is None
    assert asked.headers.get(b"x-api-key") == b"key"


@pytest.mark.parametrize("address", ["192.0.2.7, 10.0.0.1", "unknown", "", "192.0.2.7:80", "localhost"])
@pytest.mark.parametrize("dialect", BY_FIELDS)
def test_the_caller_s_address_is_one(dialect, address):
    with pytest.raises(NotAsked, match="address"):
        read(dialect, ask(dialect, X_Forwarded_For=address))


def test_only_nginx_explains_and_only_decide_is_asked():
    assert read("nginx", ask("nginx", target="/explain?x")).explain
    for dialect in BY_FIELDS[1:]:
        with pytest.raises(NotAsked):
            read(dialect, ask(dialect, target="/explain"))
    for dialect in BY_FIELDS:
        for target in ("/", "/decide/", "/decided", "//decide", "/x?/decide"):
            with pytest.raises(NotAsked):
                read(dialect, ask(dialect, target=target))


def test_caddy_s_appended_query_means_nothing():
    assert read("caddy", ask("caddy", target="/decide?X-Forwarded-Uri=/open")).target == b"/accounts/1?a=b"


@pytest.mark.parametrize(
    ("target", "judged"), [("/decide/a", b"/a"), ("/decide/decide/a", b"/decide/a"), ("/decide/?x", b"/?x")]
)
def test_envoy_s_prefix_is_cut_once(target, judged):
    assert read("envoy-http", ask("envoy-http", target=target)).target == judged


@pytest.mark.parametrize("target", ["/decide", "/decidea", "/a", "/decide?x", "/Decide/a"])
def test_without_envoy_s_prefix_it_is_no_ask(target):
    with pytest.raises(NotAsked):
        read("envoy-http", ask("envoy-http", target=target))


def test_envoy_is_believed_the_line_and_nothing_else():
    asked = read("envoy-http", ask("envoy-http", ("X-Forwarded-Uri", "/open"), target="/decide/a"))
    assert (asked.method, asked.target, asked.authority) == ("GET", b"/a", b"ostiary")


@pytest.mark.parametrize("value", [
    b"Bearer a,Bearer b", b"Bearer a,b", b"Bearer a, b", b"Basic YQ==,Basic Yg==", b"bearer a,x=y", b"Negotiate a,b",
    b'Digest username="a", Bearer b', b"DPoP a,DPoP a",
])  # fmt: skip
def test_two_credentials_in_one_field_are_two(value):
    with pytest.raises(BadRequest):
        check_authorization(Headers.of([(b"Authorization", value)]))


@pytest.mark.parametrize(
    "value", [b"Bearer a", b'Digest username="a", realm="b"', b"AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b", b""]
)
def test_one_credential_is_one_whatever_its_parameters(value):
    check_authorization(Headers.of([(b"Authorization", value)]))


def test_the_request_is_checked_as_if_the_caller_had_come_to_us():
    for changed in ({"X_Forwarded_Uri": "/a/../b"}, {"X_Forwarded_Host": "a b"}, {"X_Forwarded_Uri": "http://a/b"}):
        one = ask("nginx", **changed)
        with pytest.raises(BadRequest):
            request_of(read("nginx", one), one, 100)
    one = ask("nginx")
    with pytest.raises(TargetTooLong):
        request_of(read("nginx", one), one, 10)


@given(st.lists(st.tuples(st.sampled_from([*HEAD, "X_Forwarded_Uri", "Host"]), st.text("/abc:.,1 %\x7f", max_size=8))))
def test_whatever_is_sent_is_an_ask_or_none(pairs):
    one = ask("nginx")
    one.headers = Headers.of([(name.encode(), value.encode()) for name, value in pairs])
    for reader in READERS.values():
        try:
            assert isinstance(reader(one), Asked)
        except NotAsked:
            continue
