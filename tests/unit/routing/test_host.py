"""Is there one reading of a host?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.errors import BadRequest
from ostiary.reasons import Reason
from ostiary.routing.path import canonical_host


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        (b"api.example.com", "api.example.com"),
        (b"API.Example.COM:8443", "api.example.com"),
        (b"api.example.com.", "api.example.com"),
        (b"api.example.com.:443", "api.example.com"),
        (b"localhost:0", "localhost"),
        (b"a:65535", "a"),
        (b"10.0.0.5:9000", "10.0.0.5"),
        (b"my_service", "my_service"),
        (b"[::1]", "::1"),
        (b"[2001:DB8::1]:443", "2001:db8::1"),
    ],
)
def test_a_host_is_lower_case_without_port_and_final_dot(authority: bytes, host: str) -> None:
    assert canonical_host(authority) == host


@pytest.mark.attack(34)
@pytest.mark.parametrize(
    "authority",
    [
        *(b"", b".", b":80", b"a..", b"a..b", b".a", b"-a", b"a-"),
        *(b"a/evil?x=", b"a?x", b"a#x", b"a@b", b"u:p@b", b"a,b", b"a b", b" a", b"a ", b"a\\b", b"a%2eb"),
        *(b"a\x00", b"a\n", b"a\t", b"a\x7f", "\u00e9".encode(), b"*.a"),
        *(b"a:", b"a:65536", b"a:000080", b"a:+1", b"a:-1", b"a:1_0", b"a:0x50", b"a:80:80", b"a: 80", b"a:\xb2"),
        *(b"::1", b"[]", b"[::1", b"::1]", b"[::1]x", b"[::1].", b"[::1]:", b"[fe80::1%eth0]", b"[a]", b"[1.2.3.4]"),
        *(b"[::1]:65536", b"[::1]:x", b"[::1]:x80", b"[::1]80:", b"[::1]:80:", b"[::1]]:80", b"[::1][::1]"),
    ],
)
def test_what_is_not_one_host_is_refused(authority: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        canonical_host(authority)
    assert caught.value.reason is Reason.HOST_INVALID


def test_a_host_longer_than_any_name_is_refused_and_not_remembered() -> None:
    longest = b".".join([b"a" * 63] * 3 + [b"a" * 61])
    assert canonical_host(longest + b":65535") == longest.decode()
    before = canonical_host.cache_info().currsize
    with pytest.raises(BadRequest):
        canonical_host(longest + b"." + b"a" * 63)
    assert canonical_host.cache_info().currsize == before


@given(st.binary(max_size=20))
def test_whatever_is_received_is_a_plain_host_or_refused(authority: bytes) -> None:
    try:
        host = canonical_host(authority)
    except BadRequest as error:
        assert error.reason is Reason.HOST_INVALID  # noqa: PT017 - both are answers
        return
    assert host == host.lower()
    assert not set(host) & set("@,/\\?# %[]")
