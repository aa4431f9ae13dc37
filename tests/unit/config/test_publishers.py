"""Which lists may be fetched, of those that certificates name?"""

from __future__ import annotations

import pytest

from ostiary.config.publishers import publisher
from ostiary.config.values import Refused


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("crl.example.com", "http://crl.example.com/ca.crl"),
        ("CRL.example.com", "http://crl.EXAMPLE.com/ca.crl?a=b"),
        ("crl.example.com", "https://crl.example.com:443/"),
        ("crl.example.com", "http://crl.example.com./ca.crl"),
        ("*.example.com", "http://crl.example.com/"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080/ca.crl"),
        ("crl.example.com:80", "http://crl.example.com/"),
    ],
)
def test_those_of_a_host_that_is_named(name, url):
    assert publisher(name).covers(url)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("crl.example.com", "http://crl.example.com:8080/"),
        ("crl.example.com", "http://crl.example.com.evil.example/"),
        ("crl.example.com", "http://evil.example/crl.example.com"),
        ("crl.example.com", "http://crl.example.com@evil.example/"),
        ("crl.example.com", "http://evil.example#crl.example.com"),
        ("crl.example.com", "ldap://crl.example.com/cn=ca"),
        ("crl.example.com", "file:///etc/passwd"),
        ("crl.example.com", "http://"),
        ("crl.example.com", "http://[::1"),
        ("crl.example.com", "http://crl.example.com:99999/"),
        ("*.example.com", "http://example.com/"),
        ("*.example.com", "http://a.b.example.com/"),
        ("127.0.0.1:8080", "http://127.0.0.1/"),
        ("127.0.0.1", "http://127.0.0.1:6379/"),
        ("crl.example.com", "http://crl.exampl\u0435.com/"),
    ],
)
def test_no_others_however_alike_they_look(name, url):
    assert not publisher(name).covers(url)


@pytest.mark.parametrize("name", ["http://crl.example.com", "crl.example.com:", "crl.example.com:0", "a b", 7, "", "*"])
def test_what_is_no_publisher(name):
    with pytest.raises(Refused):
        publisher(name)
