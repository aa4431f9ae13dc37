"""Does an ASGI server serve a listener whose promises it cannot keep?"""

from __future__ import annotations

import pytest

from ostiary.asgi.server import _require_plain
from ostiary.config.schema import ListenerSpec
from ostiary.errors import ConfigError

CLIENT = {"mode": "optional", "authorities": ["file:ca.pem"]}


def listener(**more) -> ListenerSpec:
    tls = {"certificate": "file:s.pem", "private_key": "file:s.key"}
    revocation = more.pop("revocation", None)
    client = CLIENT | ({} if revocation is None else {"revocation": revocation})
    return ListenerSpec.model_validate({"bind": "127.0.0.1:0", "tls": {**tls, "client": client}, **more})


def test_a_plain_one_is_served():
    _require_plain(listener(revocation={"crls": ["file:ca.crl"]}))


@pytest.mark.parametrize(
    "more",
    [
        {"forwarded": {"dialect": "nginx", "networks": ["10.0.0.0/8"], "client": CLIENT}},
        {"proxy_protocol": {"networks": ["10.0.0.0/8"]}},
        {"decide": "nginx", "bind": "127.0.0.1:0"},
        {"revocation": {"urls": ["http://crl.example/ca.crl"]}},
        {"revocation": {"crls": ["file:ca.crl"], "ocsp": {"url": "http://ocsp.example/"}}},
    ],
    ids=["forwarded", "proxy protocol", "decisions", "fetched lists", "a responder"],
)
def test_one_that_asks_about_each_caller_is_refused_and_not_served_with_less(more):
    with pytest.raises(ConfigError, match="native listener only"):
        _require_plain(listener(**more))
