"""What of a request goes upstream, and what of an answer comes back?"""

from __future__ import annotations

import pytest

from ostiary.model import Headers, Outbound, Peer, Permit, Principal, Record, Request
from ostiary.upstream.headers import answer_head, outbound_head, stripped


class NoBody:
    length: int | None = 0

    def flow_to(self, sink):
        pass

    def pause(self):
        pass

    def resume(self):
        pass


def opened(*fields: tuple[bytes, bytes], strip: frozenset[bytes] = frozenset()) -> Outbound:
    request = Request(
        id="r1",
        method="GET",
        target=b"/a?b=c",
        path="/a",
        host="api.example.com",
        authority=b"API.example.com:8443",
        scheme="https",
        headers=Headers.of([(b"Host", b"API.example.com:8443"), *fields]),
        peer=Peer("192.0.2.7"),
        body=NoBody(),
        record=Record(),
    )
    permit = Permit(Principal("alice", "bank", "jwt"), "route")
    return outbound_head(request, permit, stripped(strip))


def sent(outbound: Outbound) -> dict[bytes, bytes]:
    return {folded: value for _, folded, value in outbound.headers.fields}


def test_what_a_caller_says_beyond_that_passes_as_it_was_written():
    outbound = opened((b"Accept", b"*/*"), (b"X-Custom_Thing", b"1"), (b"Cookie", b"a=b"))

    assert [(name, value) for name, value in outbound.headers][:3] == [
        (b"Accept", b"*/*"),
        (b"X-Custom_Thing", b"1"),
        (b"Cookie", b"a=b"),
    ]
    assert outbound.target == b"/a?b=c"


def test_the_gateway_says_who_is_calling():
    head = sent(opened())

    assert head[b"x-forwarded-for"] == b"192.0.2.7"
    assert head[b"x-forwarded-proto"] == b"https"
    assert head[b"x-forwarded-host"] == b"API.example.com:8443"
    assert head[b"x-request-id"] == b"r1"


@pytest.mark.parametrize(
    "name",
    [
        *(b"X-Original-URL", b"X-Rewrite-URL", b"X-Envoy-Original-Path", b"X-Forwarded-Uri", b"X-Forwarded-Prefix"),
        *(b"X-Forwarded-Method", b"X-HTTP-Method-Override", b"X-Method-Override", b"Forwarded", b"X-Real-IP"),
        *(b"X-Forwarded-Client-Cert", b"Client-Cert", b"Client-Cert-Chain", b"X-SSL-Client-Verify", b"X-Client-Cert"),
        *(b"SSL-Client-Cert", b"X-Forwarded-Tls-Client-Cert-Info", b"X-Amzn-Mtls-Clientcert"),
    ],
)
@pytest.mark.parametrize("spelling", [bytes.lower, bytes.upper, lambda name: name.replace(b"-", b"_")])
def test_what_only_a_gateway_may_say_is_taken_from_nobody(name, spelling):
    assert b"pretence" not in sent(opened((spelling(name), b"pretence"))).values()


@pytest.mark.parametrize("name", [b"X-Forwarded-For", b"x_forwarded_for", b"X.Forwarded.For", b"X-REQUEST-ID"])
def test_what_the_gateway_says_itself_replaces_what_the_caller_said(name):
    outbound = opened((name, b"203.0.113.9"))

    assert b"203.0.113.9" not in sent(outbound).values()
    assert len([1 for _, folded, _ in outbound.headers.fields if folded == b"x-forwarded-for"]) == 1


@pytest.mark.parametrize("name", [b"X-Subject", b"X_Subject", b"x.subject", b"X-SUBJECT"])
def test_what_an_injector_writes_is_stripped_in_every_spelling(name):
    assert b"admin" not in sent(opened((name, b"admin"), strip=frozenset({b"x-subject"}))).values()


@pytest.mark.parametrize(
    "name",
    [b"Connection", b"Keep-Alive", b"Proxy-Connection", b"TE", b"Trailer", b"Transfer-Encoding", b"Upgrade", b"Expect"],
)
def test_what_is_about_one_connection_stays_on_it(name):
    assert b"x" not in sent(opened((name, b"x"))).values()


def test_what_connection_names_is_dropped_before_anything_is_injected():
    head = sent(opened((b"Connection", b"close, X-Hop, x-forwarded-for"), (b"X-Hop", b"1"), (b"X-Stays", b"2")))

    assert b"x-hop" not in head
    assert head[b"x-stays"] == b"2"
    assert head[b"x-forwarded-for"] == b"192.0.2.7", "the caller cannot name away what the gateway writes"


def test_an_answer_loses_what_was_about_its_connection():
    head = answer_head(
        Headers.of(
            [
                (b"Content-Type", b"text/plain"),
                (b"Content-Length", b"5"),
                (b"Connection", b"X-Hop"),
                (b"X-Hop", b"1"),
                (b"Keep-Alive", b"timeout=5"),
                (b"Set-Cookie", b"a"),
                (b"Set-Cookie", b"b"),
            ]
        )
    )

    assert list(head) == [(b"Content-Type", b"text/plain"), (b"Set-Cookie", b"a"), (b"Set-Cookie", b"b")]
