"""What does a listener's TLS offer, and whom does it see?"""

from __future__ import annotations

import ssl
import warnings

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.handshake import client_context, peer_of, server_tls, shake
from tests.support.pki import root

from ostiary.errors import InvalidCertificate
from ostiary.pki import extensions
from ostiary.pki.authority import Authority, Identity, common_name
from ostiary.reasons import Reason

URI = "spiffe://example.com/bank/a"


def old(context: ssl.SSLContext, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> ssl.SSLContext:
    context.maximum_version = version
    return context


def test_the_peer_carries_the_certificate_that_was_verified(tmp_path):
    identity = root().issue_client(cn="a", uris=[URI])

    peer = peer_of(server_tls(tmp_path, root()), client_context(identity, tmp_path))

    assert peer.certificate is not None
    assert peer.certificate.san_uris == (URI,)
    assert peer.certificate.der == identity.certificate.public_bytes(Encoding.DER)
    assert (peer.address, peer.tls_version) == ("127.0.0.1", "TLSv1.3")


def test_a_certificate_is_parsed_once_for_all_its_connections(tmp_path):
    tls, client = server_tls(tmp_path, root()), client_context(root().issue_client(cn="a"), tmp_path)

    assert peer_of(tls, client).certificate is peer_of(tls, client).certificate


def test_no_certificate_is_let_in_where_it_is_optional(tmp_path):
    assert peer_of(server_tls(tmp_path, root(), mode="optional"), client_context()).certificate is None


def test_no_certificate_is_kept_out_where_it_is_required(tmp_path):
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        peer_of(server_tls(tmp_path, root()), client_context())


@pytest.mark.parametrize("mode", ["optional", "required"])
def test_a_certificate_of_another_authority_is_kept_out(tmp_path, mode):
    stranger = Authority.create("Test root").issue_client(cn="a", uris=[URI])

    with pytest.raises(ssl.SSLCertVerificationError):
        peer_of(server_tls(tmp_path, root(), mode=mode), client_context(stranger, tmp_path))


def test_a_certificate_is_not_looked_at_where_none_is_asked_for(tmp_path):
    tls = server_tls(tmp_path)

    assert tls.context.verify_mode is ssl.CERT_NONE
    assert peer_of(tls, client_context(root().issue_client(cn="a"), tmp_path)).certificate is None


@pytest.mark.parametrize(
    ("asked", "seen"), [("api.example.com", "api.example.com"), ("API.Example.COM", "api.example.com"), (None, None)]
)
def test_the_peer_carries_the_name_that_was_asked_for(tmp_path, asked, seen):
    assert peer_of(server_tls(tmp_path), client_context(), name=asked).server_name == seen


def test_the_name_asked_for_is_each_connections_own(tmp_path):
    tls = server_tls(tmp_path)
    one, _ = shake(tls.context, client_context(), name="one.example")
    other, _ = shake(tls.context, client_context(), name="other.example")
    none, _ = shake(tls.context, client_context())

    assert [tls.peer(end, "").server_name for end in (one, other, none)] == ["one.example", "other.example", None]


@pytest.mark.attack(56)
@pytest.mark.parametrize("name", ["open.example", "mtls.example", None])
def test_no_name_asked_for_changes_the_demand_for_a_certificate(tmp_path, name):
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN"):
        shake(server_tls(tmp_path, root()).context, client_context(), name=name)


@pytest.mark.parametrize("profile", ["strict", "compat"])
def test_only_the_configured_authorities_are_trusted(tmp_path, profile, monkeypatch):
    system = tmp_path / "system.pem"
    system.write_bytes(Authority.create("Public CA").certificate.public_bytes(Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(system))

    context = server_tls(tmp_path, root(), profile=profile).context

    assert context.get_ca_certs(binary_form=True) == [root().certificate.public_bytes(Encoding.DER)]
    assert server_tls(tmp_path).context.get_ca_certs() == []


@pytest.mark.attack(60)
def test_tickets_renegotiation_and_compression_are_off(tmp_path):
    context = server_tls(tmp_path, root()).context

    assert context.num_tickets == 0
    for option in (ssl.OP_NO_TICKET, ssl.OP_NO_RENEGOTIATION, ssl.OP_NO_COMPRESSION):
        assert context.options & option


@pytest.mark.attack(55)
def test_a_tls_1_3_client_is_given_no_session_to_resume(tmp_path):
    tls, client = server_tls(tmp_path, root()), client_context(root().issue_client(cn="a"), tmp_path)
    _, end = shake(tls.context, client)

    again, _ = shake(tls.context, client, session=end.session)

    assert not again.session_reused


@pytest.mark.attack(60)
def test_tls_1_1_is_refused(tmp_path):
    tls = server_tls(tmp_path)
    assert tls.context.minimum_version is ssl.TLSVersion.TLSv1_2
    client = client_context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        client.minimum_version = client.maximum_version = ssl.TLSVersion.TLSv1_1

    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_PROTOCOL"):
        shake(tls.context, client)


def test_tls_1_2_is_refused_where_1_3_is_the_oldest(tmp_path):
    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_PROTOCOL"):
        shake(server_tls(tmp_path, minimum="1.3").context, old(client_context()))


def test_only_ciphers_with_forward_secrecy_and_authenticated_encryption_are_offered(tmp_path):
    names = [cipher["name"] for cipher in server_tls(tmp_path).context.get_ciphers()]

    assert names
    assert all(name.startswith(("TLS_", "ECDHE-")) and ("GCM" in name or "POLY1305" in name) for name in names)


def test_http_1_1_is_what_is_agreed_on(tmp_path):
    client = client_context()
    client.set_alpn_protocols(["h2", "http/1.1"])

    assert shake(server_tls(tmp_path).context, client)[0].selected_alpn_protocol() == "http/1.1"


def test_strict_does_not_depend_on_the_version_of_python(tmp_path):
    assert server_tls(tmp_path, root()).context.verify_flags & ssl.VERIFY_X509_STRICT
    assert not server_tls(tmp_path, root(), profile="compat").context.verify_flags & ssl.VERIFY_X509_STRICT


# --- resumption in TLS 1.2, which Python cannot forbid ----------------------------------------


def test_a_resumed_session_stands_for_the_certificate_of_its_full_handshake(tmp_path):
    tls = server_tls(tmp_path, root())
    client = old(client_context(root().issue_client(cn="a"), tmp_path))
    first, end = shake(tls.context, client)
    certificate = tls.peer(first, "").certificate

    again, _ = shake(tls.context, client, session=end.session)

    assert again.session_reused, "this test is about resumption; without it, remove the memory"
    assert tls.peer(again, "").certificate is certificate


def test_a_resumed_session_whose_chain_was_never_judged_is_refused(tmp_path):
    tls = server_tls(tmp_path, root())
    client = old(client_context(root().issue_client(cn="a"), tmp_path))
    _, end = shake(tls.context, client)

    again, _ = shake(tls.context, client, session=end.session)

    assert again.session_reused
    with pytest.raises(InvalidCertificate) as refusal:
        tls.peer(again, "")
    assert refusal.value.reason is Reason.CERTIFICATE_UNSUITABLE


@pytest.mark.attack(55)
def test_a_chain_that_was_refused_is_refused_again_when_its_session_is_resumed(tmp_path):
    tls = server_tls(tmp_path, root(), depth=1)
    deep = root().intermediate("middle").issue_client(cn="a")
    client = old(client_context(deep, tmp_path))
    first, end = shake(tls.context, client)
    with pytest.raises(InvalidCertificate):
        tls.peer(first, "")

    again, _ = shake(tls.context, client, session=end.session)

    assert again.session_reused
    with pytest.raises(InvalidCertificate):
        tls.peer(again, "")


@pytest.mark.parametrize("who", ["leaf", "authority"])
def test_a_resumed_session_is_refused_when_a_certificate_of_its_chain_has_expired(tmp_path, who):
    issuing = root().intermediate("short", days=2 if who == "authority" else 10)
    identity = issuing.issue_client(cn="a", days=1 if who == "leaf" else 5)
    short = identity.certificate if who == "leaf" else issuing.certificate
    now = [short.not_valid_after_utc.timestamp()]
    tls = server_tls(tmp_path, root(), clock=lambda: now[0])
    client = old(client_context(identity, tmp_path))
    first, end = shake(tls.context, client)
    assert tls.peer(first, "").certificate is not None

    again, _ = shake(tls.context, client, session=end.session)
    now[0] += 1

    with pytest.raises(InvalidCertificate) as refusal:
        tls.peer(again, "")
    assert refusal.value.reason is Reason.CERTIFICATE_EXPIRED


@pytest.mark.attack(55)
def test_a_session_of_one_listener_is_not_resumed_on_another(tmp_path):
    identity = root().issue_client(cn="a")
    client = old(client_context(identity, tmp_path))
    _, end = shake(server_tls(tmp_path, root(), mode="optional").context, client)

    again, _ = shake(server_tls(tmp_path, root()).context, client, session=end.session)

    assert not again.session_reused


def test_our_own_clock_counts_as_well_as_that_of_openssl(tmp_path):
    identity = root().issue_client(cn="a")
    early = identity.certificate.not_valid_before_utc.timestamp() - 1
    tls = server_tls(tmp_path, root(), clock=lambda: early)

    with pytest.raises(InvalidCertificate) as refusal:
        peer_of(tls, client_context(identity, tmp_path))
    assert refusal.value.reason is Reason.CERTIFICATE_NOT_YET_VALID


def test_a_certificate_that_comes_with_another_chain_is_judged_anew(tmp_path):
    short = root().intermediate("issuing", path_length=None)
    leaf = short.issue_client(cn="a")
    bridge = root().intermediate("bridge", path_length=None)
    cross = bridge.issue(common_name("issuing"), short.key.public_key(), extensions.authority(None), days=9)
    detour = Identity(leaf.certificate, leaf.key, (cross, bridge.certificate))
    tls = server_tls(tmp_path, root(), depth=2)

    assert peer_of(tls, client_context(leaf, tmp_path)).certificate is not None
    with pytest.raises(InvalidCertificate, match="3 authorities above the leaf, 2 allowed"):
        peer_of(tls, client_context(detour, tmp_path))


SUITES = ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305")


def agreed(tls, offered):
    client = old(client_context())
    client.set_ciphers(":".join(offered))
    return shake(tls.context, client)[0].cipher()[0]


def test_of_cipher_suites_those_that_are_named_are_spoken_the_best_first(tmp_path):
    tls = server_tls(tmp_path, ciphers=[SUITES[1], SUITES[0]])
    assert agreed(tls, SUITES) == SUITES[1]
    assert agreed(tls, SUITES[:1]) == SUITES[0]
    with pytest.raises(ssl.SSLError, match="NO_SHARED_CIPHER"):
        agreed(tls, SUITES[2:])
    assert agreed(server_tls(tmp_path), SUITES[2:]) == SUITES[2]


def test_a_suite_that_is_not_good_cannot_be_named(tmp_path):
    for wrong in (["AES256-SHA"], ["DEFAULT"], ["ECDHE-RSA-AES256-SHA384"], []):
        with pytest.raises(ValueError, match="ciphers"):
            server_tls(tmp_path, ciphers=wrong)
