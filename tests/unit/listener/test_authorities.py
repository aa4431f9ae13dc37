"""Whom does a listener trust, and what stops it from starting?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from tests.support.handshake import server_tls
from tests.support.pki import NOW, openssl, root

from ostiary.errors import ConfigError
from ostiary.pki import extensions
from ostiary.pki.authority import Authority, common_name, sign
from ostiary.pki.files import pem
from ostiary.pki.keys import generate


def trusting(folder, *references: str, **client):
    return server_tls(folder, mode="required", authorities=references, **client)


@pytest.mark.attack(57)
@pytest.mark.parametrize("mode", ["optional", "required"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        (b"", "empty"),
        (b" \n", "empty"),
        (b"junk", "no PEM certificates"),
        (b"\xff\x00", "no PEM certificates"),
    ],
)
def test_a_bundle_that_is_missing_or_empty_stops_the_start(tmp_path, mode, content, why):
    if content is not None:
        (tmp_path / "bundle.pem").write_bytes(content)

    with pytest.raises(ConfigError, match=f"file:bundle.pem: .*{why}"):
        server_tls(tmp_path, mode=mode, authorities=("file:bundle.pem",))


def test_a_folder_in_place_of_a_bundle_stops_the_start(tmp_path):
    (tmp_path / "bundle.pem").mkdir()

    with pytest.raises(ConfigError, match="Is a directory"):
        trusting(tmp_path, "file:bundle.pem")


def test_every_certificate_of_a_bundle_counts(tmp_path):
    one, two = Authority.create("one"), Authority.create("two")
    (tmp_path / "bundle.pem").write_bytes(pem([one.certificate, two.certificate]))

    assert len(trusting(tmp_path, "file:bundle.pem").context.get_ca_certs()) == 2


@pytest.mark.attack(57)
def test_a_damaged_certificate_among_good_ones_stops_the_start(tmp_path):
    good = pem([root().certificate])
    (tmp_path / "bundle.pem").write_bytes(good + good.replace(b"M", b"!", 1))

    with pytest.raises(ConfigError, match="no PEM certificates"):
        trusting(tmp_path, "file:bundle.pem")


@pytest.mark.parametrize("profile", ["strict", "compat"])
def test_a_leaf_is_no_authority(tmp_path, profile):
    (tmp_path / "leaf.pem").write_bytes(pem([root().issue_client(cn="a").certificate]))

    with pytest.raises(ConfigError, match=r"leaf\.pem: the certificate of 'CN=a' is not a CA's"):
        trusting(tmp_path, "file:leaf.pem", profile=profile)


@pytest.mark.parametrize("profile", ["strict", "compat"])
def test_an_authority_that_may_not_sign_certificates_stops_the_start(tmp_path, profile):
    _write_root(tmp_path, extensions.key_usage(digital_signature=True))

    with pytest.raises(ConfigError, match="may not sign certificates"):
        trusting(tmp_path, "file:root.pem", profile=profile)


def test_an_authority_without_key_usage_needs_compat(tmp_path):
    _write_root(tmp_path)

    with pytest.raises(ConfigError, match=r"root\.pem: .* has no keyUsage; issue it anew, or use profile: compat"):
        trusting(tmp_path, "file:root.pem")
    assert trusting(tmp_path, "file:root.pem", profile="compat")


def test_an_authority_of_the_oldest_kind_is_none_even_for_compat(tmp_path):
    made = openssl(
        *("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "v1.key", "-subj", "/CN=v1", "-out", "v1.csr"),
        cwd=tmp_path,
    )
    assert made.returncode == 0, made.stderr
    signed = openssl("x509", "-req", "-in", "v1.csr", "-signkey", "v1.key", "-out", "v1.pem", cwd=tmp_path)
    assert signed.returncode == 0, signed.stderr
    assert x509.load_pem_x509_certificate((tmp_path / "v1.pem").read_bytes()).version is x509.Version.v1

    with pytest.raises(ConfigError, match="is not a CA's"):
        trusting(tmp_path, "file:v1.pem", profile="compat")


@pytest.mark.attack(57)
def test_authorities_that_have_all_expired_stop_the_start(tmp_path):
    past = Authority.create("past", days=1, clock=lambda: NOW - timedelta(days=9))
    (tmp_path / "past.pem").write_bytes(pem([past.certificate]))

    with pytest.raises(ConfigError, match="none of them is valid now"):
        trusting(tmp_path, "file:past.pem")


def test_one_expired_authority_beside_a_valid_one_does_not_stop_the_start(tmp_path):
    past = Authority.create("past", days=1, clock=lambda: NOW - timedelta(days=9))
    (tmp_path / "both.pem").write_bytes(pem([past.certificate, root().certificate]))

    assert trusting(tmp_path, "file:both.pem")


def _write_root(folder, *marks: extensions.Extension) -> None:
    key = generate()
    name = common_name("plain")
    ca = (x509.BasicConstraints(ca=True, path_length=None), True)
    certificate = sign(name, key.public_key(), name, key, [ca, *marks], NOW, NOW + timedelta(days=9))
    (folder / "root.pem").write_bytes(pem([certificate]))
