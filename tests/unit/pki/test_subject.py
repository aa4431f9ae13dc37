"""How may a person write a distinguished name?"""

from __future__ import annotations

import pytest
from cryptography import x509
from tests.support.pki import openssl

from ostiary.pki.errors import PkiError
from ostiary.pki.subject import parse_subject, show_subject

JOHN = "CN=John-Doe,OU=Any Org Engineering,O=Any Org,L=London,ST=England,C=UK"


@pytest.mark.parametrize(
    "text", ["/C=UK/ST=England/L=London/O=Any Org/OU=Any Org Engineering/CN=John-Doe", JOHN], ids=["slashes", "rfc4514"]
)
def test_as_openssl_takes_it_and_as_rfc_4514_writes_it(text):
    assert parse_subject(text).rfc4514_string() == JOHN


def test_a_bare_text_is_a_common_name():
    assert show_subject(parse_subject("John Doe")) == "CN=John Doe"


def test_an_escaped_slash_belongs_to_the_value():
    assert parse_subject(r"/O=A\/B/CN=x").rfc4514_string() == "CN=x,O=A/B"


def test_a_comma_in_a_value_stays_in_it():
    assert parse_subject("/O=Any, Org/CN=x").rfc4514_string() == r"CN=x,O=Any\, Org"


def test_nothing_is_the_empty_name():
    assert list(parse_subject("")) == []
    assert show_subject(parse_subject("")) == "(no subject)"


@pytest.mark.parametrize("text", ["/XX=a", "/CN", "/C=GBR/CN=a", "/CN=a\\", "CN=a\nO=b", "/CN=", "FOO=a"])
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(PkiError):
        parse_subject(text)


@pytest.mark.integration
@pytest.mark.parametrize("text", ["/C=UK/O=Any Org/CN=John-Doe", r"/O=A\/B/CN=x y", "/emailAddress=a@b.c/CN=z"])
def test_openssl_reads_the_same_names_from_the_same_text(tmp_path, text):
    done = openssl(
        "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-subj", text, "-out", "r", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr

    theirs = x509.load_pem_x509_csr((tmp_path / "r").read_bytes()).subject

    assert theirs.rfc4514_string() == parse_subject(text).rfc4514_string()
