"""What can a header say about the caller?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.inject.conftest import CANARY, Given, outbound_of

from ostiary.config.schema import HeaderSpec, InjectorSpec
from ostiary.errors import ConfigError, CredentialUnavailable, Forbidden
from ostiary.inject import compile_injectors
from ostiary.inject.header import percent_encoded
from ostiary.inject.template import compile_template
from ostiary.model import Injector, Outbound, Principal
from ostiary.reasons import Reason


def header(value: str | None = None, name: str = "X-Subject", credential: str | None = None) -> Injector:
    spec = HeaderSpec(name=name, value=value, credential=credential)
    (injector,) = compile_injectors((InjectorSpec(header=spec),), {"legacy": Given("svc", CANARY)})
    return injector


async def said(value: str, outbound: Outbound) -> bytes | None:
    await header(value).inject(outbound)
    return outbound.headers.only(b"x-subject")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{principal.subject}", b"alice"),
        ("{principal.issuer}/{principal.method}", b"bank/jwt"),
        ("user={principal.subject}; tenant={principal.tenant}", b"user=alice; tenant=t-1"),
        ("{principal.environment}", b"production"),
        ("{request.id}", b"req-1"),
        ("constant", b"constant"),
    ],
)
async def test_names_in_braces_are_filled_in(template, text):
    who = Principal("alice", "bank", "jwt", tenant="t-1", environment="production")
    assert await said(template, outbound_of(who)) == text


@pytest.mark.parametrize(
    ("value", "text"), [("x", b"x"), (7, b"7"), (True, b"true"), (False, b"false"), (1.5, b"1.5"), (0, b"0")]
)
async def test_a_claim_with_a_single_value_is_written(claiming, value, text):
    assert await said("{principal.claims.role}", claiming(role=value)) == text


async def test_the_name_of_a_claim_is_taken_whole():
    who = Principal("alice", "bank", "jwt", claims={"https://id.example/a.b": "x", "a": {"b": "no"}})
    assert await said("{principal.claims.https://id.example/a.b}", outbound_of(who)) == b"x"
    with pytest.raises(Forbidden):
        await said("{principal.claims.a.b}", outbound_of(who))


@pytest.mark.attack(24)
@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        [],
        ["x"],
        {"a": 1},
        float("nan"),
        float("inf"),
        "a\r\nX-Role: admin",
        "a\nb",
        "a\x00",
        "a\tb",
        "\x7f",
        "\ud800",
        " a",
        "a ",
    ],
)
async def test_what_cannot_be_passed_on_safely_ends_the_request(claiming, value):
    outbound = claiming(role=value)
    with pytest.raises(Forbidden) as caught:
        await said("{principal.claims.role}", outbound)
    assert caught.value.reason is Reason.INJECTION_UNSAFE
    assert len(outbound.headers) == 0


async def test_a_missing_claim_ends_the_request(claiming):
    with pytest.raises(Forbidden, match=r"principal\.claims\.role"):
        await said("{principal.claims.role}", claiming())


async def test_a_caller_without_a_tenant_ends_the_request():
    with pytest.raises(Forbidden):
        await said("{principal.tenant}", outbound_of())


@pytest.mark.attack(24)
async def test_letters_beyond_ascii_are_percent_encoded(claiming):
    assert await said("{principal.claims.name}", claiming(name="Zoë 100%")) == b"Zo%C3%AB 100%25"


@given(st.text(), st.text())
def test_two_callers_never_look_the_same(one, other):
    texts = [value.encode("utf-8", "ignore").decode() for value in (one, other)]
    encoded = [percent_encoded(text) for text in texts]
    assert (encoded[0] == encoded[1]) is (texts[0] == texts[1])
    assert all(" " <= letter <= "~" for letter in "".join(encoded))


async def test_what_the_caller_sent_is_replaced_in_every_spelling():
    outbound = outbound_of(headers=((b"x_subject", b"root"), (b"X-SUBJECT", b"root"), (b"X.Subject", b"root")))
    assert await said("{principal.subject}", outbound) == b"alice"


async def test_a_secret_is_written_as_it_is():
    outbound = outbound_of()
    await header(name="X-Api-Key", credential="legacy").inject(outbound)
    assert list(outbound.headers) == [(b"X-Api-Key", CANARY.encode())]
    assert outbound.request.record.credential == "legacy"


@pytest.mark.parametrize("secret", ["a\r\nX: y", "a\x00", "é", " a", "a ", "a\x7f"])
async def test_a_secret_that_cannot_stand_in_a_header_is_not_sent(secret, outbound):
    spec = InjectorSpec(header=HeaderSpec(name="X-Api-Key", credential="legacy"))
    (injector,) = compile_injectors((spec,), {"legacy": Given("svc", secret)})
    with pytest.raises(CredentialUnavailable) as caught:
        await injector.inject(outbound)
    assert caught.value.reason is Reason.CREDENTIAL_UNUSABLE


def test_it_owns_every_spelling_of_its_name():
    assert header("x", name="X_Api.Key").owns == frozenset({b"x-api-key"})


@pytest.mark.parametrize(
    ("template", "hint"),
    [
        ("{principal.subjet}", r"did you mean \{principal\.subject\}"),
        ("{subject}", "is not known"),
        ("{principal.claims.}", "is not known"),
        ("{}", "is not known"),
        ("{principal.subject", "brace"),
        ("principal.subject}", "brace"),
        ("{{principal.subject}}", "brace"),
        ("a\r\nb", "visible ASCII"),
        ("é", "visible ASCII"),
    ],
)
def test_a_mistake_in_a_template_stops_the_start(template, hint):
    with pytest.raises(ConfigError, match=hint):
        compile_template(template)


async def test_the_refusal_names_the_place_and_not_the_value(claiming):
    with pytest.raises(Forbidden) as caught:
        await said("{principal.claims.role}", claiming(role=f"{CANARY}\n"))
    assert CANARY not in f"{caught.value!r}{caught.value.detail}"
