"""Whose certificate does a request bring that came through a proxy?"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from structlog.testing import capture_logs
from tests.support.pki import Files, expired, later, odd_client, root, signed_by_openssl

from ostiary.config.schema import ForwardedSpec
from ostiary.errors import BadRequest, ConfigError, InvalidCertificate
from ostiary.listener.forwarded import Forwarded, compile_forwarded
from ostiary.model import Certificate, Headers, Peer
from ostiary.pki import extensions
from ostiary.pki.authority import Authority, Identity
from ostiary.pki.certificate import describe
from ostiary.pki.dialect import DIALECTS, Shown
from ostiary.reasons import Reason

PROXY = "10.0.0.5"
PURPOSE = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
ANY_PURPOSE = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False)
USAGE = extensions.key_usage(digital_signature=True)
WEAK = rsa.generate_private_key(65537, 1024)
JOHN = root().issue_client(cn="john", uris=["spiffe://example.com/john"])
NGINX = b"SSL-Client-Cert"


def forwarded(folder, dialect: str = "nginx", clock=None, **spec) -> Forwarded:
    client = {"mode": "optional", "authorities": [Files(folder).ca(root())], **spec.pop("client", {})}
    whole = {"dialect": dialect, "networks": ["10.0.0.0/29"], "client": client, **spec}
    return compile_forwarded(ForwardedSpec.model_validate(whole), folder, **({} if clock is None else {"clock": clock}))


def told(identity: Identity, dialect: str = "nginx") -> bytes:
    ders = [one.public_bytes(Encoding.DER) for one in (identity.certificate, *identity.chain)]
    return DIALECTS[dialect].write(Shown(ders[0], tuple(ders[1:])))


def of(listener: Forwarded, *fields: tuple[bytes, bytes], address: str = PROXY, own: Certificate | None = None):
    headers = Headers.of([(b"Accept", b"*/*"), *fields])
    return listener.peer(Peer(address, own), headers).certificate, headers


def reason(listener: Forwarded, *fields: tuple[bytes, bytes], **how) -> Reason:
    with pytest.raises(InvalidCertificate) as error:
        of(listener, *fields, **how)
    return error.value.reason


# --- from the proxy -----------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_certificate_of_every_dialect_is_the_callers(tmp_path, dialect):
    listener = forwarded(tmp_path, dialect)

    certificate, headers = of(listener, (DIALECTS[dialect].header.encode(), told(JOHN, dialect)))

    assert certificate is not None
    assert certificate.san_uris == ("spiffe://example.com/john",)
    assert certificate.thumbprint == describe(JOHN.certificate).thumbprint
    assert [name for name, _ in headers] == [b"Accept"]


def test_whose_certificate_ends_first_is_remembered_for_the_metrics(tmp_path):
    listener = forwarded(tmp_path)
    of(listener, (NGINX, told(JOHN)))

    ((subject, at),) = listener.soonest.now(0.0)
    assert (subject, at) == ("CN=john", JOHN.certificate.not_valid_after_utc.timestamp())


def test_no_header_is_no_certificate_and_never_the_proxys_own(tmp_path):
    own = describe(root().issue_client(cn="proxy").certificate)

    assert of(forwarded(tmp_path), own=own)[0] is None


@pytest.mark.parametrize(("dialect", "value"), [("nginx", b""), ("apache", b"(null)"), ("haproxy", b'""')])
def test_the_proxys_word_for_none_is_none(tmp_path, dialect, value):
    assert of(forwarded(tmp_path, dialect), (DIALECTS[dialect].header.encode(), value))[0] is None


def test_none_is_refused_where_one_is_required(tmp_path):
    assert reason(forwarded(tmp_path, client={"mode": "required"})) is Reason.CERTIFICATE_MISSING


def test_another_header_can_be_named(tmp_path):
    listener = forwarded(tmp_path, header="X-Our-Cert")

    assert of(listener, (b"X-Our-Cert", told(JOHN)))[0] is not None
    assert of(listener, (NGINX, told(JOHN)))[0] is None


def test_an_intermediate_that_is_shown_completes_the_chain(tmp_path):
    below = root().intermediate("issuing").issue_client(cn="below")

    assert of(forwarded(tmp_path, "traefik"), (b"X-Forwarded-Tls-Client-Cert", told(below, "traefik")))[0] is not None
    assert reason(forwarded(tmp_path), (NGINX, told(below))) is Reason.CERTIFICATE_UNTRUSTED


def test_the_chain_of_rfc_9440_comes_in_a_header_of_its_own_that_may_be_repeated(tmp_path):
    one = root().intermediate("one", path_length=1)
    two = one.intermediate("two")
    leaf = two.issue_client(cn="below")
    items = [b":%b:" % base64.b64encode(each.certificate.public_bytes(Encoding.DER)) for each in (two, one)]
    chain = [(b"Client-Cert-Chain", item) for item in items]

    certificate, headers = of(forwarded(tmp_path, "rfc9440"), (b"Client-Cert", told(leaf, "rfc9440")), *chain)

    assert certificate is not None
    assert len(certificate.chain) == 3
    assert len(headers) == 1


# --- from anybody else --------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["10.0.0.8", "127.0.0.1", "::1", "", "not an address"])
def test_the_header_of_anybody_else_means_nothing_and_goes_no_further(tmp_path, address):
    own = describe(root().issue_client(cn="own").certificate)

    certificate, headers = of(forwarded(tmp_path), (NGINX, told(JOHN)), address=address, own=own)

    assert certificate is own
    assert [name for name, _ in headers] == [b"Accept"]


@pytest.mark.parametrize("name", [b"SSL-Client-Cert", b"ssl_client_cert", b"SSL.Client.Cert", b"Ssl_Client-Cert"])
def test_every_spelling_of_the_header_is_taken_out(tmp_path, name):
    _, headers = of(forwarded(tmp_path), (name, told(JOHN)), address="192.0.2.1")

    assert len(headers) == 1


def test_an_address_within_ipv6_is_the_same_address(tmp_path):
    assert of(forwarded(tmp_path), (NGINX, told(JOHN)), address="::ffff:10.0.0.5")[0] is not None


def test_a_proxy_can_be_known_by_its_own_certificate(tmp_path):
    listener = forwarded(tmp_path, networks=[], proxy={"match": {"san.dns": "*.proxy.example"}})
    proxy, other = (
        describe(root().issue_client(cn="a", dns=[name]).certificate) for name in ("a.proxy.example", "x.example")
    )

    assert of(listener, (NGINX, told(JOHN)), own=proxy)[0].common_names == ("john",)
    assert of(listener, (NGINX, told(JOHN)), own=other)[0] is other
    assert of(listener, (NGINX, told(JOHN)))[0] is None


def test_where_both_are_asked_both_are_needed(tmp_path):
    listener = forwarded(tmp_path, proxy={"match": {"san.dns": "a.proxy.example"}})
    proxy = describe(root().issue_client(cn="a", dns=["a.proxy.example"]).certificate)

    assert of(listener, (NGINX, told(JOHN)), own=proxy)[0].common_names == ("john",)
    assert of(listener, (NGINX, told(JOHN)), own=proxy, address="192.0.2.1")[0] is proxy
    assert of(listener, (NGINX, told(JOHN)))[0] is None


def test_a_proxy_with_two_names_of_a_kind_is_not_the_proxy(tmp_path):
    listener = forwarded(tmp_path, networks=[], proxy={"match": {"san.dns": "a.proxy.example"}})
    two = describe(root().issue_client(cn="a", dns=["a.proxy.example", "b"]).certificate)

    assert of(listener, (NGINX, told(JOHN)), own=two)[0] is two


def test_the_name_that_a_proxy_asks_for_in_tls_is_not_that_of_its_callers(tmp_path):
    listener = forwarded(tmp_path)

    assert listener.proxy(Peer(PROXY, server_name="gateway.internal")).server_name is None
    assert listener.proxy(Peer("192.0.2.1", server_name="a.example")).server_name == "a.example"


# --- what is shown is verified as in a handshake ------------------------------------------------


def test_twice_is_ambiguous_in_whatever_spelling(tmp_path):
    with pytest.raises(BadRequest):
        of(forwarded(tmp_path), (NGINX, told(JOHN)), (b"ssl_client_cert", told(JOHN)))


@pytest.mark.parametrize("name", [b"SSL_Client_Cert", b"ssl_client-cert", b"ssl.client.cert"])
def test_another_spelling_is_a_callers_which_the_proxy_has_let_pass(tmp_path, name):
    with pytest.raises(BadRequest):
        of(forwarded(tmp_path), (name, told(JOHN)))


def test_a_header_that_is_configured_with_underscores_is_that_one(tmp_path):
    listener = forwarded(tmp_path, "apache", header="SSL_CLIENT_CERT")

    assert of(listener, (b"SSL_CLIENT_CERT", told(JOHN, "apache")))[0] is not None
    with pytest.raises(BadRequest):
        of(listener, (b"SSL-Client-Cert", told(JOHN, "apache")))


@pytest.mark.parametrize("value", [b"NONE", b"SUCCESS", b"-----BEGIN", quote("hello").encode(), b"%zz"])
def test_what_cannot_be_read_is_a_refusal_and_never_no_certificate(tmp_path, value):
    assert reason(forwarded(tmp_path), (NGINX, value)) is Reason.CERTIFICATE_UNREADABLE


def test_pem_that_holds_no_certificate_is_refused(tmp_path):
    value = quote("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").encode()

    assert reason(forwarded(tmp_path), (NGINX, value)) is Reason.CERTIFICATE_UNSUITABLE


def test_the_one_placeholder_by_which_caddy_says_that_there_is_none_is_none(tmp_path):
    nobody = (b"X-Client-Cert", b"{http.request.tls.client.certificate_der_base64}")

    assert of(forwarded(tmp_path, "caddy"), nobody)[0] is None
    assert reason(forwarded(tmp_path, "caddy", client={"mode": "required"}), nobody) is Reason.CERTIFICATE_MISSING


def test_a_placeholder_is_refused_and_the_operator_is_told_once(tmp_path):
    listener = forwarded(tmp_path, "caddy")
    placeholder = (b"X-Client-Cert", b"{http.request.tls.client.certificate_pem}")

    with capture_logs() as lines:
        assert {reason(listener, placeholder) for _ in range(3)} == {Reason.CERTIFICATE_UNREADABLE}
    assert [line["log_level"] for line in lines] == ["error"]


@pytest.mark.attack(43)
@pytest.mark.parametrize(
    ("identity", "why"),
    [
        (lambda: Authority.create("Test root").issue_client(cn="a"), Reason.CERTIFICATE_UNTRUSTED),
        (lambda: expired(root()), Reason.CERTIFICATE_EXPIRED),
        (lambda: later(root()), Reason.CERTIFICATE_NOT_YET_VALID),
        (lambda: root().issue_server("a.example"), Reason.CERTIFICATE_UNSUITABLE),
        (lambda: odd_client(root(), []), Reason.CERTIFICATE_UNSUITABLE),
        (lambda: Identity(root().certificate, root().key), Reason.CERTIFICATE_UNTRUSTED),
        (lambda: odd_client(root(), [ANY_PURPOSE, USAGE]), Reason.CERTIFICATE_UNSUITABLE),
        (lambda: odd_client(root(), [PURPOSE, USAGE, extensions.authority(0)[0]]), Reason.CERTIFICATE_UNSUITABLE),
        (lambda: odd_client(root(), [PURPOSE, extensions.key_usage(certificates=True)]), Reason.CERTIFICATE_UNSUITABLE),
        (lambda: odd_client(root(), [PURPOSE, USAGE], key=WEAK), Reason.CERTIFICATE_UNSUITABLE),
    ],
    ids=[
        *("stranger", "expired", "early", "server", "no purpose", "the authority itself"),
        *("any purpose", "an authority as a leaf", "no signatures", "weak"),
    ],
)
def test_a_certificate_that_no_handshake_would_let_in(tmp_path, identity, why):
    assert reason(forwarded(tmp_path), (NGINX, told(identity()))) is why


def test_compat_is_as_lenient_as_in_a_handshake(tmp_path):
    v1 = Identity(signed_by_openssl(root(), tmp_path), JOHN.key)
    clock = lambda: datetime.now(UTC).timestamp() + 1  # noqa: E731

    assert reason(forwarded(tmp_path, clock=clock), (NGINX, told(v1))) is Reason.CERTIFICATE_UNSUITABLE
    lenient = forwarded(tmp_path, clock=clock, client={"profile": "compat"})
    assert of(lenient, (NGINX, told(v1)))[0] is not None


def test_a_revoked_certificate(tmp_path):
    top = Authority.create("top")
    good, bad = top.issue_client(cn="good"), top.issue_client(cn="bad")
    top.revoke(bad.certificate)
    files = Files(tmp_path)
    client = {"authorities": [files.ca(top, name="top.pem")], "revocation": {"crls": [files.crl(top.crl())]}}
    listener = forwarded(tmp_path, client=client)

    assert of(listener, (NGINX, told(good)))[0] is not None
    assert reason(listener, (NGINX, told(bad))) is Reason.CERTIFICATE_REVOKED


def test_a_revoked_authority_between(tmp_path):
    top = Authority.create("top")
    issuing = top.intermediate("issuing")
    below = issuing.issue_client(cn="below")
    top.revoke(issuing.certificate)
    files = Files(tmp_path)
    crls = [files.crl(top.crl(), "top.crl"), files.crl(issuing.crl(), "issuing.crl")]
    client = {"authorities": [files.ca(top, issuing, name="both.pem")], "revocation": {"crls": crls, "mode": "soft"}}
    shown = (b"X-Forwarded-Tls-Client-Cert", told(below, "traefik"))

    assert reason(forwarded(tmp_path, "traefik", client=client), shown) is Reason.CERTIFICATE_REVOKED
    only = {"authorities": [files.ca(top, name="top.pem")], "revocation": {"crls": crls[:1], "mode": "soft"}}
    assert reason(forwarded(tmp_path, "traefik", client=only), shown) is Reason.CERTIFICATE_REVOKED


def test_a_chain_that_is_too_long(tmp_path):
    deep = root().intermediate("one", path_length=1).intermediate("two").issue_client(cn="a")
    shown = (b"X-Forwarded-Tls-Client-Cert", told(deep, "traefik"))

    assert of(forwarded(tmp_path, "traefik", client={"depth": 3}), shown)[0] is not None
    assert reason(forwarded(tmp_path, "traefik", client={"depth": 2}), shown) is Reason.CERTIFICATE_UNTRUSTED


def test_a_name_that_its_authority_may_not_give(tmp_path):
    bank = root().intermediate("bank", also=[(x509.NameConstraints([x509.DNSName("bank.example")], None), True)])
    listener = forwarded(tmp_path, "traefik")
    good, bad = (
        (b"X-Forwarded-Tls-Client-Cert", told(bank.issue_client(dns=[name]), "traefik"))
        for name in ("a.bank.example", "a.example")
    )

    assert of(listener, good)[0] is not None
    assert reason(listener, bad) is Reason.CERTIFICATE_UNSUITABLE


def test_dates_are_asked_with_every_request_although_the_chain_is_remembered(tmp_path):
    now = [datetime.now(UTC).timestamp()]
    listener = forwarded(tmp_path, clock=lambda: now[0])

    assert of(listener, (NGINX, told(JOHN)))[0] is of(listener, (NGINX, told(JOHN)))[0]
    now[0] += timedelta(days=91).total_seconds()
    assert reason(listener, (NGINX, told(JOHN))) is Reason.CERTIFICATE_EXPIRED


# --- mistakes of the file -----------------------------------------------------------------------


def test_an_authority_file_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        forwarded(tmp_path, client={"authorities": ["file:nowhere.pem"]})


def test_a_header_is_not_remembered_as_another_that_was_told_in_two(tmp_path):
    listener = forwarded(tmp_path, "rfc9440")
    leaf, chain = told(JOHN, "rfc9440"), b":" + base64.b64encode(root().certificate.public_bytes(Encoding.DER)) + b":"

    assert of(listener, (b"Client-Cert", leaf), (b"Client-Cert-Chain", chain))[0] is not None
    assert reason(listener, (b"Client-Cert", leaf + chain)) is Reason.CERTIFICATE_UNREADABLE
