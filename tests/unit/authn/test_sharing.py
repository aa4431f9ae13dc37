"""Do routes that ask for the same evidence share what was verified?"""

from __future__ import annotations

from ostiary.authn.compile import Around, compose
from ostiary.config.schema import AuthenticateSpec


def spec(*allowed: str) -> AuthenticateSpec:
    return AuthenticateSpec.model_validate({"mtls": {"subject": "san.uri", "allow": list(allowed)}})


def test_blocks_that_say_the_same_have_one_authenticator_and_one_memory():
    around = Around({})
    first, second = (compose(spec("spiffe://a/**"), around) for _ in range(2))
    assert first.each[0] is second.each[0]


def test_blocks_that_differ_in_anything_have_their_own():
    around = Around({})
    assert compose(spec("spiffe://a/**"), around).each[0] is not compose(spec("spiffe://b/**"), around).each[0]


def test_another_gateway_remembers_for_itself():
    assert compose(spec("spiffe://a/**"), Around({})).each[0] is not compose(spec("spiffe://a/**"), Around({})).each[0]
