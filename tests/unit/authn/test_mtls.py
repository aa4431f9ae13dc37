"""Whom does a client certificate stand for?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.pki import root

from ostiary.authn.mtls import MtlsAuthenticator, compile_mtls
from ostiary.config.schema import MtlsSpec
from ostiary.errors import ConfigError, InvalidCertificate
from ostiary.model import Certificate, Headers, Peer, Record, Request
from ostiary.pki.authority import Authority
from ostiary.pki.certificate import describe
from ostiary.reasons import Reason

URI = "spiffe://example.com/bank/teller"


class NoBody:
    length = 0

    def flow_to(self, sink) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...


def request(certificate: Certificate | None) -> Request:
    return Request(
        id="1",
        method="GET",
        target=b"/",
        path="/",
        host="a",
        authority=b"a",
        scheme="https",
        headers=Headers(),
        peer=Peer("127.0.0.1", certificate),
        body=NoBody(),
        record=Record(),
    )


def certificate(**names) -> Certificate:
    return describe(root().issue_client(**names).certificate)


def authenticator(
    subject: str = "san.uri", *allow: str, issuer: str | None = None, now: float | None = None
) -> MtlsAuthenticator:
    spec = MtlsSpec(subject=subject, allow=allow or ("spiffe://example.com/bank/**",), issuer=issuer)
    return compile_mtls(spec) if now is None else compile_mtls(spec, lambda: now)


async def refused(judge: MtlsAuthenticator, shown: Certificate) -> InvalidCertificate:
    with pytest.raises(InvalidCertificate) as refusal:
        await judge.authenticate(request(shown))
    return refusal.value


async def test_an_allowed_name_is_the_principal():
    shown = certificate(cn="teller", uris=[URI])

    principal = await authenticator().authenticate(request(shown))

    assert principal is not None
    assert (principal.subject, principal.issuer, principal.method) == (URI, "CN=Test root", "mtls")
    assert principal.certificate is shown
    assert principal.expires == shown.not_after


async def test_no_certificate_is_no_evidence():
    assert await authenticator().authenticate(request(None)) is None


async def test_a_name_outside_the_allowed_ones_is_refused():
    error = await refused(authenticator(), certificate(uris=["spiffe://example.com/elsewhere/mallory"]))

    assert error.reason is Reason.CERTIFICATE_NAME_NOT_ALLOWED
    assert error.status == 401


async def test_any_one_of_the_allowed_names_is_enough():
    judge = authenticator("cn", "one", "two")

    assert (await judge.authenticate(request(certificate(cn="two")))).subject == "two"


@pytest.mark.attack(59)
@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("san.uri", {"uris": [URI, URI + "x"]}),
        ("san.dns", {"dns": ["a.b", "c.d"]}),
        ("san.email", {"emails": ["a@b.c", "d@e.f"]}),
    ],
)
async def test_the_name_must_be_the_only_one_of_its_kind(source, names):
    error = await refused(authenticator(source, "**"), certificate(**names))

    assert error.reason is Reason.CERTIFICATE_NAME_AMBIGUOUS


async def test_even_the_same_name_twice_is_ambiguous():
    error = await refused(authenticator(), certificate(uris=[URI, URI]))

    assert error.reason is Reason.CERTIFICATE_NAME_AMBIGUOUS


@pytest.mark.attack(59)
async def test_two_common_names_are_ambiguous():
    error = await refused(authenticator("cn", "**"), replace(certificate(cn="a"), common_names=("a", "admin")))

    assert error.reason is Reason.CERTIFICATE_NAME_AMBIGUOUS


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("san.uri", {"cn": URI}),
        ("san.uri", {"dns": ["example.com"]}),
        ("san.dns", {"cn": "a.example.com"}),
        ("san.email", {"cn": "joe@example.com"}),
        ("cn", {"dns": ["a.example.com"]}),
    ],
)
async def test_a_name_of_another_kind_does_not_stand_in(source, names):
    error = await refused(authenticator(source, "**"), certificate(**names))

    assert error.reason is Reason.CERTIFICATE_NAME_MISSING


@pytest.mark.attack(59)
async def test_a_name_with_an_escaped_comma_is_not_the_name_behind_it():
    error = await refused(authenticator("cn", "admin"), certificate(cn="a,CN=admin"))

    assert error.reason is Reason.CERTIFICATE_NAME_NOT_ALLOWED


@pytest.mark.attack(59)
async def test_a_wildcard_certificate_stands_for_nobody():
    error = await refused(authenticator("san.dns", "*.example.com", "**"), certificate(dns=["*.example.com"]))

    assert error.reason is Reason.CERTIFICATE_NAME_NOT_ALLOWED


async def test_a_host_name_is_handed_on_in_lower_case():
    judge = authenticator("san.dns", "api.example.com")

    assert (await judge.authenticate(request(certificate(dns=["API.Example.com"])))).subject == "api.example.com"


@pytest.mark.attack(59)
async def test_the_same_name_from_another_issuer_is_refused():
    judge = authenticator("cn", "teller", issuer="CN=Test root")
    forged = describe(Authority.create("Other root").issue_client(cn="teller").certificate)

    assert (await judge.authenticate(request(certificate(cn="teller")))).subject == "teller"
    assert (await refused(judge, forged)).reason is Reason.CERTIFICATE_NAME_NOT_ALLOWED


async def test_an_issuer_that_is_no_distinguished_name_is_a_mistake_of_the_file():
    with pytest.raises(ConfigError, match="issuer"):
        authenticator("cn", "a", issuer="the bank")


@pytest.mark.parametrize(
    ("moment", "reason"), [("not_before", Reason.CERTIFICATE_NOT_YET_VALID), ("not_after", Reason.CERTIFICATE_EXPIRED)]
)
async def test_a_certificate_out_of_date_is_refused(moment, reason):
    shown = certificate(uris=[URI])
    beyond = -1 if moment == "not_before" else 1

    error = await refused(authenticator(now=getattr(shown, moment) + beyond), shown)

    assert error.reason is reason


async def test_a_certificate_that_expires_while_its_connection_lives_is_refused_from_then_on():
    shown = certificate(uris=[URI])
    now = [shown.not_after]
    judge = compile_mtls(MtlsSpec(subject="san.uri", allow=(URI,)), lambda: now[0])

    assert await judge.authenticate(request(shown)) is not None
    now[0] += 1
    assert (await refused(judge, shown)).reason is Reason.CERTIFICATE_EXPIRED


async def test_a_certificate_is_judged_once():
    judge, shown = authenticator(), certificate(uris=[URI])

    assert await judge.authenticate(request(shown)) is await judge.authenticate(request(shown))


async def test_what_was_judged_is_told_apart_by_thumbprint_and_not_by_name():
    judge = authenticator("cn", "teller")
    one, two = certificate(cn="teller"), certificate(cn="teller")

    assert (await judge.authenticate(request(one))).certificate is one
    assert (await judge.authenticate(request(two))).certificate is two


async def test_only_so_many_certificates_are_remembered():
    judge, shown = authenticator(), certificate(uris=[URI])
    for number in range(1100):
        await judge.authenticate(request(replace(shown, thumbprint=str(number))))

    assert len(judge._proven) == 1024
    assert "0" not in judge._proven


async def test_refusals_are_not_remembered():
    judge = authenticator()
    await refused(judge, certificate(uris=["spiffe://example.com/elsewhere"]))

    assert not judge._proven


def test_its_evidence_is_the_certificate_and_it_has_no_challenge():
    judge = authenticator()

    assert (judge.method, judge.evidence, judge.challenge) == ("mtls", frozenset({"certificate"}), None)
