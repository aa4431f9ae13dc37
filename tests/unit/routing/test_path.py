"""Is there one reading of a path, and is everything else refused?"""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.errors import BadRequest
from ostiary.reasons import Reason
from ostiary.routing.path import canonical_path

PIECES = ["/", ".", "..", ";", "a", "%2e", "%2E", "%2f", "%5c", "%25", "%32", "%65", "2e", "%3b", "%C3%A9", "%00", "\\"]
TARGETS = st.lists(st.sampled_from(PIECES), max_size=8).map(lambda pieces: ("/" + "".join(pieces)).encode())


def refusal(target: bytes) -> Reason:
    with pytest.raises(BadRequest) as caught:
        canonical_path(target)
    return caught.value.reason


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/", "/"),
        (b"/accounts/7", "/accounts/7"),
        (b"/accounts/", "/accounts/"),
        (b"/a?b=%00&c=../..//\\", "/a"),
        (b"/caf%C3%A9", "/caf\u00e9"),
        (b"/a%20b", "/a b"),
        (b"/.well-known/x", "/.well-known/x"),
        (b"/...", "/..."),
        (b"/v1.2/a..b", "/v1.2/a..b"),
        (b"/100%25", "/100%"),
    ],
)
def test_a_plain_path_is_decoded_once_and_loses_its_query(target: bytes, path: str) -> None:
    assert canonical_path(target) == path


@pytest.mark.attack(31)
def test_the_case_of_a_path_is_kept() -> None:
    assert canonical_path(b"/ADMIN/%41a") == "/ADMIN/Aa"


@pytest.mark.attack(29)
@pytest.mark.parametrize(
    "dots", [b".", b"..", b"%2e", b"%2E%2e", b".%2e", b"%2e.", b"..;x", b".;", b"..%3bx", b"%2e%2e;"]
)
@pytest.mark.parametrize("around", [b"/%b", b"/pub/%b", b"/pub/%b/adm", b"/a%%20b/%b?q", b"/a;x/%b/b"])
def test_a_dot_segment_is_refused_wherever_and_however_it_is_written(dots: bytes, around: bytes) -> None:
    assert refusal(around % dots) is Reason.PATH_AMBIGUOUS


@pytest.mark.parametrize("target", [b"/admin;x", b"/a;v=1/b", b"/;", b"/admin;"])
def test_a_parameter_that_some_servers_drop_is_refused(target: bytes) -> None:
    assert refusal(target) is Reason.PATH_AMBIGUOUS


@pytest.mark.attack(29)
@pytest.mark.parametrize(
    "target", [b"/a%2fb", b"/a%2Fb", b"/..%2fadm", b"/a\\b", b"/a%5cb", b"/a%5Cb", b"//a", b"/a//b", b"/a//"]
)
def test_what_some_servers_take_for_another_slash_is_refused(target: bytes) -> None:
    assert refusal(target) is Reason.PATH_AMBIGUOUS


@pytest.mark.attack(29)
@pytest.mark.parametrize(
    "target", [b"/%252e", b"/%252E%252e/a", b"/%252fa", b"/%2500", b"/%2525", b"/%25%32%65", b"/%252%65"]
)
def test_what_would_decode_a_second_time_is_refused(target: bytes) -> None:
    assert refusal(target) is Reason.PATH_AMBIGUOUS


@pytest.mark.attack(29)
@pytest.mark.parametrize(
    "text",
    ["\uff0f", "a\uff0f..\uff0fadm", "\uff3c", "\u2100", "\u037e", "\uff1b", "\uff05", "\uff1f", "\uff03", "\ufe68"],
)
def test_a_character_that_some_servers_fold_into_a_divider_is_refused(text: str) -> None:
    assert refusal(b"/pub/" + quote(text).encode()) is Reason.PATH_AMBIGUOUS


@pytest.mark.attack(29)
@pytest.mark.parametrize(
    "text", ["\uff0e\uff0e", "\u2024\u2024", "\u2025", "\uff0e", ".\uff0e", "..\u00a0", "..\u3000", ".. ", " .."]
)
def test_dots_in_other_letters_or_beside_blanks_are_dot_segments(text: str) -> None:
    assert refusal(b"/pub/" + quote(text).encode() + b"/adm") is Reason.PATH_AMBIGUOUS


@pytest.mark.parametrize("text", ["\u3042\uff21", "caf\u00e9", "\u2026", "\ufb01", "a\uff0eb", "\u00bd"])
def test_other_letters_are_letters(text: str) -> None:
    assert canonical_path(b"/" + quote(text).encode()) == "/" + text


@pytest.mark.attack(33)
@pytest.mark.parametrize("target", [b"", b"*", b"accounts", b"?a", b"http://a/b", b"HTTPS://a", b"a.example:443"])
def test_only_the_origin_form_has_a_path(target: bytes) -> None:
    assert refusal(target) is Reason.PATH_INVALID


@pytest.mark.parametrize("octet", [*range(0x20), 0x7F])
def test_a_control_character_is_refused_raw_and_encoded(octet: int) -> None:
    assert refusal(b"/a%cb" % octet) is Reason.PATH_INVALID
    assert refusal(b"/a%%%02xb" % octet) is Reason.PATH_INVALID
    assert refusal(b"/a?b%c" % octet) is Reason.PATH_INVALID


@pytest.mark.parametrize("octet", [0x80, 0x85, 0x9B, 0x9F])
def test_so_is_one_of_the_second_set(octet: int) -> None:
    assert refusal(b"/a" + quote(chr(octet)).encode()) is Reason.PATH_INVALID


@pytest.mark.attack(30)
@pytest.mark.parametrize("octet", [b"#", b" ", b"\x80", b"\xff", "\u00e9".encode()])
@pytest.mark.parametrize("target", [b"/a%b", b"/a%bb", b"/a?b%bc"])
def test_a_raw_fragment_space_or_foreign_octet_is_refused_in_path_and_query(octet: bytes, target: bytes) -> None:
    assert refusal(target % octet) is Reason.PATH_INVALID


@pytest.mark.parametrize("target", [b"/%", b"/%2", b"/%zz", b"/a%-1", b"/%u002e"])
def test_a_broken_escape_is_refused(target: bytes) -> None:
    assert refusal(target) is Reason.PATH_INVALID


@pytest.mark.parametrize("text", [b"%C0%AF", b"%C0%AE", b"%E0%80%AF", b"%ED%A0%80", b"%FF", b"%C3", b"%E9"])
def test_what_is_not_utf8_is_refused(text: bytes) -> None:
    assert refusal(b"/a" + text) is Reason.PATH_INVALID


@given(st.one_of(TARGETS, st.binary(max_size=12).map(b"/".__add__)))
def test_no_server_finds_more_in_an_accepted_path_by_decoding_it_again(target: bytes) -> None:
    try:
        path = canonical_path(target)
    except BadRequest as error:
        assert error.reason in (Reason.PATH_AMBIGUOUS, Reason.PATH_INVALID)  # noqa: PT017 - both are answers
        return
    assert path.encode() == unquote_to_bytes(target.partition(b"?")[0])
    again = unquote_to_bytes(path)
    assert again == path.encode()
    assert b"//" not in again
    assert b"\\" not in again
    assert not {segment.partition(b";")[0] for segment in again.split(b"/")} & {b".", b".."}
