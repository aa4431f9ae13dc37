"""Until when does a certificate count that a proxy tells of, and how much must be true of the proxy?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.pki import root
from tests.unit.listener.test_forwarded import JOHN, NGINX, PROXY, forwarded, of, reason, told

from ostiary.model import Headers, Peer
from ostiary.pki.certificate import describe
from ostiary.reasons import Reason

DAY = timedelta(days=1).total_seconds()
TRAEFIK = b"X-Forwarded-Tls-Client-Cert"


def test_a_chain_that_is_remembered_ends_with_the_authority_that_ends_first(tmp_path):
    now = [datetime.now(UTC).timestamp()]
    listener = forwarded(tmp_path, "traefik", clock=lambda: now[0])
    issuing = root().intermediate("issuing", days=5)
    field = (TRAEFIK, told(issuing.issue_client(cn="below", days=90), "traefik"))

    assert of(listener, field)[0] is not None
    now[0] = issuing.certificate.not_valid_after_utc.timestamp()
    assert of(listener, field)[0] is not None, "its last second"
    now[0] += 1
    assert reason(listener, field) is Reason.CERTIFICATE_EXPIRED
    now[0] -= 2
    assert of(listener, field)[0] is not None


def test_a_clock_that_is_set_back_to_before_the_chain_lets_nobody_in(tmp_path):
    now = [datetime.now(UTC).timestamp()]
    listener = forwarded(tmp_path, "traefik", clock=lambda: now[0])
    issuing = root().intermediate("issuing", days=5)
    field = (
        TRAEFIK,
        told(issuing.issue_client(cn="below", days=90, start=datetime.now(UTC) - 9 * timedelta(days=1)), "traefik"),
    )

    assert of(listener, field)[0] is not None
    now[0] = issuing.certificate.not_valid_before_utc.timestamp()
    assert of(listener, field)[0] is not None, "its first second"
    now[0] -= 1
    assert reason(listener, field) is Reason.CERTIFICATE_NOT_YET_VALID


def test_the_leaf_itself_ends_to_the_second(tmp_path):
    now = [datetime.now(UTC).timestamp()]
    listener = forwarded(tmp_path, clock=lambda: now[0])
    assert of(listener, (NGINX, told(JOHN)))[0] is not None
    now[0] = JOHN.certificate.not_valid_after_utc.timestamp() + 1
    assert reason(listener, (NGINX, told(JOHN))) is Reason.CERTIFICATE_EXPIRED
    now[0] = JOHN.certificate.not_valid_before_utc.timestamp() - 1
    assert reason(listener, (NGINX, told(JOHN))) is Reason.CERTIFICATE_NOT_YET_VALID


@pytest.mark.parametrize(
    ("name", "cn", "trusted"),
    [("a.proxy.example", "edge", True), ("a.proxy.example", "x", False), ("x.example", "edge", False)],
)
def test_everything_that_is_asked_of_the_proxy_must_be_true_of_it(tmp_path, name, cn, trusted):
    listener = forwarded(tmp_path, networks=[], proxy={"match": {"san.dns": "*.proxy.example", "cn": "edge"}})
    own = describe(root().issue_client(cn=cn, dns=[name]).certificate)

    assert of(listener, (NGINX, told(JOHN)), own=own)[0].common_names == (("john",) if trusted else (cn,))


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("10.0.0.5", True),
        ("192.0.2.1", True),
        ("2001:db8::5", True),
        ("10.0.0.8", False),
        ("192.0.2.2", False),
        ("::a00:5", False),
        ("", False),
        ("10.0.0.5 ", False),
        ("nobody", False),
    ],
)
def test_any_of_several_networks_is_enough(tmp_path, address, trusted):
    listener = forwarded(tmp_path, networks=["10.0.0.0/29", "192.0.2.1/32", "2001:db8::/64"])

    certificate, headers = of(listener, (NGINX, told(JOHN)), address=address)
    assert (certificate is not None) is trusted
    assert [name for name, _ in headers] == [b"Accept"]


def test_the_header_goes_no_further_also_where_it_is_all_there_is(tmp_path):
    listener = forwarded(tmp_path)
    for address in (PROXY, "192.0.2.1"):
        headers = Headers.of([(NGINX, told(JOHN))])
        listener.peer(Peer(address), headers)
        assert len(headers) == 0
