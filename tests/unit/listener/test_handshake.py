"""Does the operator learn why a handshake was refused?"""

from __future__ import annotations

import ssl
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from tests.support.handshake import client_context, server_tls, shake
from tests.support.pki import NOW, Files, expired, later, root

from ostiary.listener.handshake import reason_of
from ostiary.pki.authority import Authority

SAID = "client certificate refused in the handshake"


def said(tls, client) -> list[tuple[str, str]]:
    with capture_logs() as lines, pytest.raises(ssl.SSLError):
        shake(tls.context, client)
    return [(line["reason"], line["openssl"]) for line in lines if line["event"] == SAID]


def test_every_refused_certificate_has_its_reason(tmp_path):
    tls = server_tls(tmp_path, root())
    stranger = Authority.create("stranger").issue_client(cn="a")

    def of(identity) -> str:
        ((reason, _),) = said(tls, client_context(identity, tmp_path))
        return reason

    assert of(expired(root())) == "certificate.expired"
    assert of(later(root())) == "certificate.not-yet-valid"
    assert of(stranger) == "certificate.untrusted"
    assert of(root().issue_server("a.example")) == "certificate.unsuitable"


def test_a_revoked_certificate_has_its_reason(tmp_path):
    authority = Authority.create("root")
    bad = authority.issue_client(cn="bad")
    authority.revoke(bad.certificate)
    crl = Files(tmp_path).crl(authority.crl())
    tls = server_tls(tmp_path, authority, revocation={"crls": (crl,), "mode": "hard"})

    assert said(tls, client_context(bad, tmp_path)) == [("certificate.revoked", "certificate revoked")]


def test_an_authority_without_a_list_has_its_reason(tmp_path):
    authority = Authority.create("root")
    crl = Files(tmp_path).crl(authority.crl())
    tls = server_tls(tmp_path, authority, revocation={"crls": (crl,), "mode": "hard"})
    unlisted = authority.intermediate("unlisted").issue_client(cn="a")

    assert [reason for reason, _ in said(tls, client_context(unlisted, tmp_path))] == ["certificate.revocation-unknown"]


def test_a_missing_certificate_has_its_reason(tmp_path):
    tls = server_tls(tmp_path, root())

    assert [reason for reason, _ in said(tls, client_context())] == ["certificate.missing"]


def test_what_is_no_fault_of_a_certificate_is_not_written_down(tmp_path):
    client = client_context()
    client.maximum_version = ssl.TLSVersion.TLSv1_2

    assert said(server_tls(tmp_path, minimum="1.3"), client) == []


def test_waiting_for_octets_is_not_a_refusal():
    assert reason_of(ssl.SSLWantReadError()) is None


def test_a_good_handshake_says_nothing(tmp_path):
    with capture_logs() as lines:
        shake(server_tls(tmp_path, root()).context, client_context(root().issue_client(cn="a"), tmp_path))

    assert lines == []


def test_an_expired_authority_is_told_at_the_start(tmp_path):
    past = Authority.create("past", days=1, clock=lambda: NOW - timedelta(days=9))
    with capture_logs() as lines:
        server_tls(tmp_path, root(), past)

    assert [line["authority"] for line in lines] == ["CN=past"]
