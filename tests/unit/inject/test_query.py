"""What becomes of the caller's query when a parameter is injected?"""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.inject.conftest import Given, outbound_of

from ostiary.config.schema import InjectorSpec, QuerySpec
from ostiary.errors import BadRequest, Forbidden
from ostiary.inject import compile_injectors
from ostiary.inject.query import replaced
from ostiary.model import Principal
from ostiary.reasons import Reason


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        (b"/p", b"/p?api_key=OURS"),
        (b"/p?", b"/p?api_key=OURS"),
        (b"/p?a=1", b"/p?a=1&api_key=OURS"),
        (b"/p?api_key=x", b"/p?api_key=OURS"),
        (b"/p?a=1&api_key=x&b=2&api_key=y", b"/p?a=1&b=2&api_key=OURS"),
        (b"/p?api_key", b"/p?api_key=OURS"),
        (b"/p?a=1&&b=%2F?&c", b"/p?a=1&&b=%2F?&c&api_key=OURS"),
        (b"/p%3Fapi_key=x?b", b"/p%3Fapi_key=x?b&api_key=OURS"),
        (b"/p?xapi_key=1&api_keys=2", b"/p?xapi_key=1&api_keys=2&api_key=OURS"),
        (b"/p?a=api_key=1", b"/p?a=api_key=1&api_key=OURS"),
    ],
)
def test_the_callers_own_goes_and_the_rest_stays_as_it_was(target, sent):
    assert replaced(target, "api_key", b"OURS") == sent


@pytest.mark.parametrize(
    "spelling",
    [
        b"%61pi_key", b"api%5Fkey", b"api%5fkey", b"%61%70%69%5F%6B%65%79", b"API_KEY", b"Api%5fKey",
        b"api.key", b"api+key", b"api%20key", b"+api_key", b"%20api_key", b"api_key%00", b"api_key%00x", b"api_key[]",
        b"api_key[0]", b"api_key%5B%5D", b"api[key", b"%u0061pi_key", b"api_key%20", b"api_key%0B", b"%C2%A0api_key",
    ],
)  # fmt: skip
def test_no_spelling_of_the_name_gets_through(spelling):
    assert replaced(b"/p?a=1&" + spelling + b"=x&b=2", "api_key", b"OURS") == b"/p?a=1&b=2&api_key=OURS"


@pytest.mark.parametrize("query", [b"a=1;api_key=x", b"a=1&b=2;%61pi_key=x;c", b";api_key"])
def test_a_name_behind_a_semicolon_is_ambiguous(query):
    with pytest.raises(BadRequest) as caught:
        replaced(b"/p?" + query, "api_key", b"OURS")
    assert caught.value.reason is Reason.REQUEST_AMBIGUOUS


def test_other_semicolons_stay():
    assert replaced(b"/p?a=1;b=2", "api_key", b"OURS") == b"/p?a=1;b=2&api_key=OURS"


@given(st.text(alphabet="kK%46bB&=+[]. ?\x80", max_size=40).map(lambda text: text.encode("latin-1")))
def test_whatever_the_query_the_upstream_finds_ours_and_no_other(query):
    sent = replaced(b"/p?" + query, "k", b"OURS").partition(b"?")[2]
    found = parse_qsl(sent.decode("latin-1"), keep_blank_values=True)
    assert [value for name, value in found if name.strip().lower() == "k"] == ["OURS"]


async def test_a_secret_is_percent_encoded():
    spec = InjectorSpec(query=QuerySpec(name="key", credential="legacy"))
    (injector,) = compile_injectors((spec,), {"legacy": Given("svc", "a&b=c d/é?#%")})
    outbound = outbound_of(target=b"/p?a=1")
    await injector.inject(outbound)
    assert outbound.target == b"/p?a=1&key=a%26b%3Dc%20d%2F%C3%A9%3F%23%25"
    assert outbound.request.record.credential == "legacy"
    assert injector.owns == frozenset()


async def test_text_about_the_caller_is_percent_encoded():
    spec = InjectorSpec(query=QuerySpec(name="who is it", value="u:{principal.subject}"))
    (injector,) = compile_injectors((spec,), {})
    outbound = outbound_of(Principal("a&admin=1 é", "bank", "jwt"))
    await injector.inject(outbound)
    assert outbound.target == b"/p?who%20is%20it=u%3Aa%26admin%3D1%20%C3%A9"


async def test_a_value_with_a_control_character_ends_the_request():
    spec = InjectorSpec(query=QuerySpec(name="who", value="{principal.subject}"))
    (injector,) = compile_injectors((spec,), {})
    with pytest.raises(Forbidden):
        await injector.inject(outbound_of(Principal("a\r\nb", "bank", "jwt")))
