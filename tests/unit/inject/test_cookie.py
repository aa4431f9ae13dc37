"""What becomes of the caller's cookies when one is injected?"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.inject.conftest import CANARY, Given, outbound_of

from ostiary.config.schema import CookieSpec, InjectorSpec
from ostiary.errors import BadRequest, ConfigError, CredentialUnavailable, Forbidden
from ostiary.inject import compile_injectors
from ostiary.inject.cookie import replace
from ostiary.model import Headers, Principal
from ostiary.reasons import Reason


def sent(*cookies: bytes, name: bytes = b"sid") -> bytes:
    headers = Headers.of([(b"Accept", b"*/*"), *((b"Cookie", one) for one in cookies)])
    replace(headers, name, b"OURS")
    (value,) = headers.all(b"cookie")
    return value


@pytest.mark.parametrize(
    ("cookies", "value"),
    [
        ((), b"sid=OURS"),
        ((b"a=1",), b"a=1; sid=OURS"),
        ((b"sid=theirs",), b"sid=OURS"),
        ((b"a=1; sid=x; b=2; sid=y",), b"a=1; b=2; sid=OURS"),
        ((b"a=1;sid=x;b=2",), b"a=1; b=2; sid=OURS"),
        ((b"a=1", b"sid=x", b"b=2"), b"a=1; b=2; sid=OURS"),
        ((b"sid",), b"sid=OURS"),
        ((b"a=sid=1; xsid=2; sids=3",), b"a=sid=1; xsid=2; sids=3; sid=OURS"),
        ((b'a="1"; ; b=;',), b'a="1"; b=; sid=OURS'),
        ((b"a[sid]=1; sid=x; sids[a]=2; a=sid[b]",), b"a[sid]=1; sids[a]=2; a=sid[b]; sid=OURS"),
        ((b"\ta=1\t;\tsid=x\t",), b"a=1; sid=OURS"),
    ],
)
def test_the_callers_of_that_name_go_and_the_others_pass_in_one_field(cookies, value):
    assert sent(*cookies) == value


@pytest.mark.parametrize(
    "spelling", [b"SID", b"%73id", b" sid ", b"sid\t", b'"sid"', b"sid[a]", b"sid[]", b"sid[0][1]", b"sid%00"]
)
def test_no_spelling_of_the_name_gets_through(spelling):
    assert sent(b"a=1; " + spelling + b"=x; b=2") == b"a=1; b=2; sid=OURS"


@pytest.mark.attack(44)
@pytest.mark.parametrize("spelling", [b"sid\xa0", b"\x85sid", b"sid\xc2\xa0", b"\xe3\x80\x80sid", b"%0Bsid%A0"])
def test_white_space_of_other_encodings_hides_no_cookie_of_that_name(spelling):
    """Some servers drop it around a name, and take the first of two cookies: Falcon does."""
    assert sent(spelling + b"=x; a=\xc3\xa9") == b"a=\xc3\xa9; sid=OURS"


@pytest.mark.parametrize("spelling", [b"api.key", b"api[key", b"API_key", b"api%5Fkey"])
def test_a_name_that_php_would_read_as_ours_goes_too(spelling):
    assert sent(spelling + b"=x", name=b"api_key") == b"api_key=OURS"


@pytest.mark.parametrize(
    "cookie", [b"a=1, sid=x", b"a=1,sid=x", b"a=1 sid=x", b'a="1" sid=x', b"a=1\tSID=x", b"$Version=1, sid"]
)
def test_a_cookie_that_only_some_servers_see_is_refused(cookie):
    with pytest.raises(BadRequest) as caught:
        sent(cookie)
    assert caught.value.reason is Reason.REQUEST_AMBIGUOUS


def test_commas_and_blanks_in_other_values_stay():
    assert sent(b"a=1,2; b=x y") == b"a=1,2; b=x y; sid=OURS"


@given(st.text(alphabet='sidS=;, "%7[]a\t', max_size=40).map(str.encode))
def test_whatever_the_cookies_a_server_finds_ours_and_no_other(cookies):
    try:
        value = sent(cookies)
    except BadRequest:
        return
    found = [one.partition(b"=") for one in value.split(b"; ")]
    assert [text for name, _, text in found if name.strip().lower() == b"sid"] == [b"OURS"]
    try:
        parsed = SimpleCookie(value.decode())  # it reads as old servers do
    except CookieError:
        return
    assert "sid" not in parsed or parsed["sid"].value == "OURS"


async def test_a_secret_stands_there_as_it_is_and_the_header_stays_the_callers_on_other_routes():
    spec = InjectorSpec(cookie=CookieSpec(name="sid", credential="legacy"))
    (injector,) = compile_injectors((spec,), {"legacy": Given("svc", "a/b+c==")})
    outbound = outbound_of(headers=((b"Cookie", b"a=1; sid=mine"),))
    await injector.inject(outbound)
    assert list(outbound.headers) == [(b"Cookie", b"a=1; sid=a/b+c==")]
    assert outbound.request.record.credential == "legacy"
    assert injector.owns == frozenset()


@pytest.mark.parametrize(
    "secret", [f"{CANARY} x", f"{CANARY};", f'"{CANARY}"', f"{CANARY},", f"{CANARY}\\", "é", "a\r\nX: y"]
)
async def test_a_secret_that_no_cookie_can_hold_is_not_sent(secret, outbound):
    spec = InjectorSpec(cookie=CookieSpec(name="sid", credential="legacy"))
    (injector,) = compile_injectors((spec,), {"legacy": Given("svc", secret)})
    with pytest.raises(CredentialUnavailable) as caught:
        await injector.inject(outbound)
    assert caught.value.reason is Reason.CREDENTIAL_UNUSABLE
    assert CANARY not in caught.value.detail
    assert len(outbound.headers) == 0


async def test_text_about_the_caller_is_percent_encoded():
    spec = InjectorSpec(cookie=CookieSpec(name="who", value="u:{principal.subject}"))
    (injector,) = compile_injectors((spec,), {})
    outbound = outbound_of(Principal('a; admin=1, "é"%', "bank", "jwt"))
    await injector.inject(outbound)
    assert outbound.headers.get(b"cookie") == b"who=u:a%3B%20admin=1%2C%20%22%C3%A9%22%25"


async def test_a_value_with_a_control_character_ends_the_request():
    spec = InjectorSpec(cookie=CookieSpec(name="who", value="{principal.subject}"))
    (injector,) = compile_injectors((spec,), {})
    with pytest.raises(Forbidden):
        await injector.inject(outbound_of(Principal("a\r\nb", "bank", "jwt")))


def test_two_cookies_that_a_server_may_take_for_one_stop_the_start():
    specs = [InjectorSpec(cookie=CookieSpec(name=name, value="x")) for name in ("a.b", "A_B")]
    with pytest.raises(ConfigError, match="two injectors"):
        compile_injectors(specs, {})
