"""Whom does a listener still let in after its files have changed?"""

from __future__ import annotations

import ssl

import pytest
from tests.support.handshake import client_context, server_tls, shake
from tests.support.pki import Files

from ostiary.errors import InvalidCertificate
from ostiary.listener.tls import ServerTls
from ostiary.pki.authority import Authority, Identity
from ostiary.reasons import Reason


@pytest.fixture
def authority() -> Authority:
    return Authority.create("CA")


@pytest.fixture
def client(authority: Authority) -> Identity:
    return authority.issue_client(cn="a")


def after(before: ServerTls, now: ServerTls, connection: ssl.SSLObject) -> object:
    """Prove the peer of a connection that lives, with what is there now; return its name."""
    now.inherit(before)
    certificate = now.peer(connection, "127.0.0.1").certificate
    return None if certificate is None else certificate.common_names


def reason(before: ServerTls, now: ServerTls, connection: ssl.SSLObject) -> Reason:
    with pytest.raises(InvalidCertificate) as caught:
        after(before, now, connection)
    return caught.value.reason


def revoking(folder, authority: Authority, *revoked: Identity) -> ServerTls:
    for one in revoked:
        authority.revoke(one.certificate)
    return server_tls(folder, authority, revocation={"crls": [Files(folder).crl(authority.crl())]})


def connected(tls: ServerTls, identity: Identity | None, folder) -> ssl.SSLObject:
    connection, _ = shake(tls.context, client_context(identity, folder))
    tls.peer(connection, "127.0.0.1")
    return connection


def test_who_was_let_in_is_let_in_still(tmp_path, authority, client):
    before = revoking(tmp_path, authority)
    assert after(before, revoking(tmp_path, authority), connected(before, client, tmp_path)) == ("a",)


def test_not_who_was_revoked_meanwhile(tmp_path, authority, client):
    before = revoking(tmp_path, authority)
    connection = connected(before, client, tmp_path)
    assert reason(before, revoking(tmp_path, authority, client), connection) is Reason.CERTIFICATE_REVOKED


def test_not_whose_authority_is_no_longer_trusted(tmp_path, authority, client):
    before = server_tls(tmp_path, authority)
    now = server_tls(tmp_path, Authority.create("CA"))
    assert reason(before, now, connected(before, client, tmp_path)) is Reason.CERTIFICATE_UNTRUSTED


def test_an_authority_that_was_issued_anew_for_its_key_is_the_same_one(tmp_path, authority, client):
    before = server_tls(tmp_path, authority)
    now = server_tls(tmp_path, Authority.create("CA", key=authority.key))
    assert after(before, now, connected(before, client, tmp_path)) == ("a",)


def test_who_comes_in_by_an_intermediate_is_let_in_while_one_of_its_authorities_is_trusted(tmp_path, authority):
    below = authority.intermediate("Below")
    before = server_tls(tmp_path, authority)
    connection = connected(before, below.issue_client(cn="b"), tmp_path)
    assert after(before, server_tls(tmp_path, below), connection) == ("b",)


def test_nobody_without_a_certificate_where_it_is_required_from_now_on(tmp_path, authority):
    before = server_tls(tmp_path, authority, mode="optional")
    connection = connected(before, None, tmp_path)
    assert after(before, server_tls(tmp_path, authority, mode="optional"), connection) is None
    assert reason(before, server_tls(tmp_path, authority), connection) is Reason.CERTIFICATE_MISSING


def test_a_resumed_session_is_known_by_the_chain_that_was_judged_before(tmp_path, authority, client):
    before = revoking(tmp_path, authority)
    context = client_context(client, tmp_path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    first, ours = shake(before.context, context)
    before.peer(first, "127.0.0.1")
    resumed, end = shake(before.context, context, session=ours.session)
    assert end.session_reused

    once = revoking(tmp_path, authority)
    assert after(before, once, resumed) == ("a",)
    twice = revoking(tmp_path, authority)
    assert after(once, twice, resumed) == ("a",), "also two reloads later"
    assert reason(twice, revoking(tmp_path, authority, client), resumed) is Reason.CERTIFICATE_REVOKED


def test_what_was_counted_is_counted_on(tmp_path, authority, client):
    before, now = server_tls(tmp_path, authority), server_tls(tmp_path, authority)
    connected(before, client, tmp_path)
    now.inherit(before)
    connected(now, client, tmp_path)
    assert now.handshakes.took is before.handshakes.took
    assert sum(now.handshakes.took.counts) == 2
