"""What is counted of handshakes, and whose certificate ends first?"""

from __future__ import annotations

import gc
import ssl

import pytest
from tests.support.handshake import client_context, peer_of, server_tls, shake
from tests.support.pki import Files, expired, root

from ostiary.listener.handshake import fault_of
from ostiary.listener.tally import Soonest
from ostiary.pki.authority import Authority


def test_a_completed_handshake_is_timed(tmp_path):
    tls = server_tls(tmp_path, root())
    shake(tls.context, client_context(root().issue_client(cn="a"), tmp_path))
    assert sum(tls.handshakes.took.counts) == 1
    assert 0 < tls.handshakes.took.total < 5
    assert not tls.handshakes.refused


def test_a_refused_handshake_is_counted_by_its_reason(tmp_path):
    tls = server_tls(tmp_path, root())
    with pytest.raises(ssl.SSLError):
        shake(tls.context, client_context(expired(root()), tmp_path))
    assert dict(tls.handshakes.refused) == {"certificate.expired": 1}
    assert sum(tls.handshakes.took.counts) == 0


def test_a_handshake_that_nobody_finished_is_counted_as_abandoned(tmp_path):
    tls = server_tls(tmp_path)
    unfinished = tls.context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=True)
    with pytest.raises(ssl.SSLWantReadError):
        unfinished.do_handshake()
    assert not tls.handshakes.refused
    del unfinished
    gc.collect()
    assert dict(tls.handshakes.refused) == {"abandoned": 1}


def test_two_listeners_do_not_share_their_counts(tmp_path):
    one, two = server_tls(tmp_path), server_tls(tmp_path)
    shake(one.context, client_context())
    assert [sum(tls.handshakes.took.counts) for tls in (one, two)] == [1, 0]


def test_who_speaks_something_else_is_told_apart(tmp_path):
    tls = server_tls(tmp_path)
    to_server = ssl.MemoryBIO()
    to_server.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    with pytest.raises(ssl.SSLError):
        tls.context.wrap_bio(to_server, ssl.MemoryBIO(), server_side=True).do_handshake()
    assert dict(tls.handshakes.refused) == {"not-tls": 1}


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("TLSV1_ALERT_UNKNOWN_CA", "refused-by-client"),
        ("NO_SHARED_CIPHER", "cipher"),
        ("WHATEVER_IS_NEW", "other"),
        (None, "other"),
    ],
)
def test_the_words_for_other_faults_are_few(reason, word):
    error = ssl.SSLError()
    error.reason = reason
    assert fault_of(error) == word


def test_what_ends_is_known_of_server_authorities_and_lists(tmp_path):
    authority = Authority.create("bank")
    crl = Files(tmp_path).crl(authority.crl())
    tls = server_tls(tmp_path, authority, revocation={"crls": (crl,), "mode": "hard"})
    assert [(end.kind, end.name) for end in tls.ends] == [
        ("server", "CN=localhost"),
        ("client-authority", "CN=bank"),
        ("revocation-list", "CN=bank"),
    ]
    assert tls.ends[1].at == authority.certificate.not_valid_after_utc.timestamp()


def test_a_client_that_was_seen_is_remembered_with_its_end(tmp_path):
    tls = server_tls(tmp_path, root())
    alice = root().issue_client(cn="alice")
    peer_of(tls, client_context(alice, tmp_path))
    assert tls.clients.soonest.now(0.0) == [("CN=alice", alice.certificate.not_valid_after_utc.timestamp())]


def test_only_those_that_end_first_are_remembered():
    soonest = Soonest(most=3)
    for number in (5, 1, 4, 2, 3):
        soonest.note(f"CN={number}", 100.0 + number, now=0.0)
    assert soonest.now(0.0) == [("CN=1", 101.0), ("CN=2", 102.0), ("CN=3", 103.0)]


def test_what_has_ended_makes_room_first():
    soonest = Soonest(most=2)
    soonest.note("CN=old", 10.0, now=0.0)
    soonest.note("CN=a", 100.0, now=0.0)
    soonest.note("CN=b", 200.0, now=50.0)
    assert soonest.now(50.0) == [("CN=a", 100.0), ("CN=b", 200.0)]


def test_a_certificate_that_was_renewed_counts_anew():
    soonest = Soonest()
    soonest.note("CN=a", 10.0, now=0.0)
    soonest.note("CN=a", 500.0, now=0.0)
    assert soonest.now(0.0) == [("CN=a", 500.0)]
