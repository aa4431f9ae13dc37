"""What has to change in a head so that the upstream sees what it would be sent natively?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ostiary.edge.decide.grpc.changes import Changes, changes
from ostiary.model import Headers

NAMES = st.sampled_from([b"x-subject", b"x_subject", b"x.subject", b"cookie", b"x-a", b"x-b", b"authorization"])
FIELDS = st.lists(st.tuples(NAMES, st.sampled_from([b"", b"1", b"2"])), max_size=6)


def applied(held: list[tuple[bytes, bytes]], made: Changes) -> list[tuple[bytes, bytes]]:
    """What a proxy makes of a head, as Envoy does it."""
    for name, value, first in made.written:
        held = [one for one in held if not (first and one[0] == name)] + [(name, value)]
    return [one for one in held if one[0] not in made.removed]


def test_what_passes_is_not_touched():
    received = Headers.of([(b"x-a", b"1"), (b"x-a", b"2"), (b"x-b", b"")])
    made = changes(list(received), received, Headers(list(received.fields)))
    assert made == Changes([], [])


def test_what_is_written_is_written_over_even_if_it_says_the_same():
    """Of two fields of the caller's, one of which says what we say, the other must not stay."""
    received = Headers.of([(b"x-subject", b"admin"), (b"x-subject", b"alice")])
    made = changes(list(received), received, Headers.of([(b"X-Subject", b"alice")]))
    assert applied(list(received), made) == [(b"x-subject", b"alice")]


def test_what_was_dropped_goes_under_the_name_that_it_came_by():
    received = Headers.of([(b"x_subject", b"admin"), (b"x.subject", b"admin"), (b"x-a", b"1")])
    made = changes(list(received), received, Headers([received.fields[2]]))
    assert made == Changes([], [b"x.subject", b"x_subject"])


def test_what_the_proxy_has_not_told_of_goes_as_well():
    assert changes([], Headers(), Headers(), [b"x-roles"]).removed == [b"x-roles"]
    assert changes([], Headers(), Headers.of([(b"X-Roles", b"r")]), [b"x-roles"]).removed == []


def test_what_is_the_proxy_s_business_stays():
    told = [(name, b"1") for name in (b":path", b"host", b"content-length", b"transfer-encoding", b"connection", b"te")]
    assert changes(told, Headers(), Headers()).removed == []
    assert changes([], Headers(), Headers.of([(b"Host", b"b"), (b"Content-Length", b"0")])).written == []


@given(FIELDS, st.sets(st.integers(0, 5)), FIELDS)
def test_the_upstream_sees_what_it_would_be_sent(told, kept, written):
    """Whatever passes and whatever is written, by whatever names; fields of one name are all ours, or all theirs."""
    received = Headers.of(told)
    names = {told[at][0] for at in kept if at < len(told)} - {name for name, _ in written}
    passing = [one for one in received.fields if one[0] in names]
    sent = Headers([*passing, *Headers.of(written).fields])
    assert sorted(applied(told, changes(told, received, sent))) == sorted(sent)
