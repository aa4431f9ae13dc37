"""How are keys and certificates written down?"""

from __future__ import annotations

import stat

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from ostiary.model import Secret
from ostiary.pki.authority import Authority
from ostiary.pki.files import chain_pem, write_identity, write_pkcs12


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_readable_by_its_owner_only(tmp_path):
    write_identity(tmp_path / "c.pem", tmp_path / "c.key", Authority.create("root").issue_client(cn="a"))

    assert mode(tmp_path / "c.key") == 0o600
    assert mode(tmp_path / "c.pem") == 0o644


def test_a_key_written_over_a_readable_file_is_not_readable_either(tmp_path):
    (tmp_path / "c.key").write_text("old")
    (tmp_path / "c.key").chmod(0o644)

    write_identity(tmp_path / "c.pem", tmp_path / "c.key", Authority.create("root").issue_client(cn="a"))

    assert mode(tmp_path / "c.key") == 0o600


def test_nothing_else_is_left_in_the_folder(tmp_path):
    write_identity(tmp_path / "c.pem", tmp_path / "c.key", Authority.create("root").issue_client(cn="a"))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.key", "c.pem"]


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    (tmp_path / "c.key").mkdir()

    with pytest.raises(OSError, match="directory"):
        write_identity(tmp_path / "c.pem", tmp_path / "c.key", Authority.create("root").issue_client(cn="a"))
    assert [path.name for path in tmp_path.iterdir()] == ["c.key"]


def test_a_key_with_a_password_is_encrypted(tmp_path):
    client = Authority.create("root").issue_client(cn="a")
    write_identity(tmp_path / "c.pem", tmp_path / "c.key", client, Secret("open sesame"))

    data = (tmp_path / "c.key").read_bytes()

    assert b"ENCRYPTED" in data
    assert load_pem_private_key(data, b"open sesame").public_key() == client.key.public_key()


def test_a_chain_is_written_leaf_first_and_without_the_root():
    root = Authority.create("root")
    issuing = root.intermediate("issuing")
    client = issuing.issue_client(cn="a")

    assert chain_pem(client).count(b"BEGIN CERTIFICATE") == 2
    assert client.chain == (issuing.certificate,)


def test_a_pkcs12_store_holds_key_certificate_and_chain(tmp_path):
    client = Authority.create("root").intermediate("issuing").issue_client(cn="a")
    write_pkcs12(tmp_path / "c.p12", client, Secret("open sesame"))

    store = pkcs12.load_pkcs12((tmp_path / "c.p12").read_bytes(), b"open sesame")

    assert mode(tmp_path / "c.p12") == 0o600
    assert store.cert is not None
    assert store.cert.certificate == client.certificate
    assert [extra.certificate for extra in store.additional_certs] == list(client.chain)
