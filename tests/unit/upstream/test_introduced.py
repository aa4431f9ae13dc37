"""What is the upstream told of the caller, and what may the caller take out of his own head?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.wire import PERMIT, request

from ostiary.model import Headers, Outbound
from ostiary.upstream.headers import Opening, named_by_connection


def opened(*fields: tuple[bytes, bytes], address: str = "192.0.2.7") -> Headers:
    asked = request("GET", *fields)
    asked.peer = replace(asked.peer, address=address)
    outbound: Outbound = Opening(frozenset()).open(asked, PERMIT)
    return outbound.headers


def test_it_is_told_where_from_how_for_which_host_and_under_which_id() -> None:
    said = opened()
    assert said.fields == [
        (b"X-Forwarded-For", b"x-forwarded-for", b"192.0.2.7"),
        (b"X-Forwarded-Proto", b"x-forwarded-proto", b"https"),
        (b"X-Forwarded-Host", b"x-forwarded-host", b"api.example.com:8443"),
        (b"X-Request-Id", b"x-request-id", b"id-1"),
    ]


def test_of_a_caller_without_an_address_none_is_told() -> None:
    assert opened(address="").get(b"x-forwarded-for") is None
    assert opened(address="").get(b"x-forwarded-proto") == b"https"


def test_what_is_said_of_one_caller_is_not_said_of_another() -> None:
    for address in ("192.0.2.7", "192.0.2.8", "", "192.0.2.7"):
        assert opened(address=address).all(b"x-forwarded-for") == ([address.encode()] if address else [])


@pytest.mark.parametrize("value", [b"X-Hop", b"x-hop, X-Other", b"close", b"keep-alive"])
def test_only_connection_names_what_is_for_one_hop(value: bytes) -> None:
    said = opened((b"X-List", value), (b"X-Hop", b"1"), (b"X-Other", b"2"))
    assert [said.get(name) for name in (b"x-list", b"x-hop", b"x-other")] == [value, b"1", b"2"]


def named(*values: bytes, name: bytes = b"Connection") -> set[bytes]:
    return named_by_connection(Headers.of([(name, value) for value in values]).fields)


def test_names_are_those_of_every_connection_field_in_every_spelling() -> None:
    assert named(b"X-Hop,\tx_other ", b"Close", name=b"connection") == {b"x-hop", b"x-other", b"close"}
    assert named(b"keep-alive") == named(b"close") == named() == set()
    assert named(b"X-Hop", name=b"X-Connection") == set()
