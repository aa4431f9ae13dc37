"""Which fields do the octets of one stored secret hold?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.vault.errors import Unavailable
from ostiary.vault.fields import Format, fields_of, without_newline

CANARY = "canary-4410"


def plain(octets: bytes, form: Format) -> dict[str, str]:
    return {name: secret.reveal().decode() for name, secret in fields_of(octets, form).items()}


def test_a_value_is_the_secret_whatever_it_looks_like():
    assert plain(b'{"a": 1}\n', "value") == {"secret": '{"a": 1}\n'}


def test_an_object_gives_its_texts_and_numbers_as_they_are_written():
    octets = b'{"id": "svc", "pin": 0.10, "n": 7, "flag": true, "none": null, "more": {"a": "b"}}'
    assert plain(octets, "json") == {"id": "svc", "pin": "0.10", "n": "7"}


def test_yaml_does_not_guess_what_a_scalar_is():
    assert plain(b"id: svc\nsecret: 0123\nflag: no\n", "yaml") == {"id": "svc", "secret": "0123", "flag": "no"}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("export A=b c", "b c"),
        ("A='b $C \\n'", "b $C \\n"),
        ('A="b \\"c\\" \\n $D"', 'b "c" \n $D'),
        ("A=", ""),
        ("A=b#c", "b#c"),
        ("A==", "="),
    ],
)
def test_lines_of_names_are_taken_literally(line: str, value: str):
    assert plain(f"# a remark\n\n{line}\n".encode(), "dotenv") == {"A": value}


@pytest.mark.parametrize(
    ("octets", "form"),
    [
        (b'{"secret": "%s", "secret": "x"}' % CANARY.encode(), "json"),
        (b'["%s"]' % CANARY.encode(), "json"),
        (b'{"secret": "%s' % CANARY.encode(), "json"),
        (b'"\xff%s"' % CANARY.encode(), "json"),
        (b"[" * 100_000, "json"),
        (b"secret: %s\nsecret: x" % CANARY.encode(), "yaml"),
        (b"secret: [%s" % CANARY.encode(), "yaml"),
        (b"- %s" % CANARY.encode(), "yaml"),
        (b"", "yaml"),
        (b"SECRET %s" % CANARY.encode(), "dotenv"),
        (b"A=1\nA=%s" % CANARY.encode(), "dotenv"),
        (b"A='%s" % CANARY.encode(), "dotenv"),
        (b"A='it's'", "dotenv"),
        (b'A="a"b"', "dotenv"),
        (b"A=\xff", "dotenv"),
    ],
)
def test_what_is_not_of_its_form_is_refused_for_now_and_not_shown(octets: bytes, form: Format):
    with pytest.raises(Unavailable) as caught:
        fields_of(octets, form)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@given(octets=st.binary(max_size=40), form=st.sampled_from(["value", "json", "yaml", "dotenv"]))
def test_anything_is_fields_or_a_refusal(octets: bytes, form: Format):
    try:
        fields = fields_of(octets, form)
    except Unavailable:
        return
    assert all(isinstance(name, str) for name in fields)


@pytest.mark.parametrize(("before", "after"), [(b"a\n", b"a"), (b"a\r\n", b"a"), (b"a\n\n", b"a\n"), (b"a", b"a")])
def test_one_newline_at_the_end_is_dropped(before: bytes, after: bytes):
    assert without_newline(before) == after
