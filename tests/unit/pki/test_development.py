"""What lies in the development folder, and when is it made anew?"""

from __future__ import annotations

import stat
from datetime import timedelta

import pytest
from tests.support.pki import openssl

from ostiary.pki.authority import utc_now
from ostiary.pki.development import write_development_pki


def contents(paths) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in paths.ca.parent.iterdir()}


def test_everything_is_there_and_the_roots_key_is_not(tmp_path):
    paths = write_development_pki(tmp_path / "dev")

    assert sorted(contents(paths)) == sorted(
        [*("ca.pem", "ca.crl", "server.pem", "server.key"), *("client.pem", "client.key", "mallory.pem", "mallory.key")]
    )
    assert all(stat.S_IMODE(key.stat().st_mode) == 0o600 for _, key in paths.identities)
    assert stat.S_IMODE(paths.ca.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("name", "purpose"), [("server", "sslserver"), ("client", "sslclient"), ("mallory", "sslclient")]
)
def test_openssl_accepts_each_of_them(tmp_path, name, purpose):
    write_development_pki(tmp_path)

    done = openssl(
        *("verify", "-x509_strict", "-crl_check_all", "-purpose", purpose),
        *("-CAfile", "ca.pem", "-CRLfile", "ca.crl", f"{name}.pem"),
        cwd=tmp_path,
    )

    assert done.stdout == f"{name}.pem: OK\n", done.stderr


def test_a_second_call_changes_nothing(tmp_path):
    before = contents(write_development_pki(tmp_path))

    assert contents(write_development_pki(tmp_path)) == before


def test_it_is_made_anew_on_its_last_day(tmp_path):
    before = contents(write_development_pki(tmp_path))

    after = contents(write_development_pki(tmp_path, now=utc_now() + timedelta(days=89, minutes=1)))

    assert not set(before.values()) & set(after.values())


@pytest.mark.parametrize("name", ["ca.pem", "ca.crl", "server.pem", "server.key", "client.key", "mallory.pem"])
@pytest.mark.parametrize("damage", [b"", None])
def test_it_is_made_anew_when_a_file_is_damaged_or_gone(tmp_path, name, damage):
    before = contents(write_development_pki(tmp_path))
    (tmp_path / name).unlink() if damage is None else (tmp_path / name).write_bytes(damage)

    assert not set(before.values()) & set(contents(write_development_pki(tmp_path)).values())


def test_it_is_made_anew_when_the_files_do_not_belong_together(tmp_path):
    one, other = write_development_pki(tmp_path / "one"), write_development_pki(tmp_path / "other")
    one.client.write_bytes(other.client.read_bytes())
    one.client_key.write_bytes(other.client_key.read_bytes())
    before = contents(one)

    assert not set(before.values()) & set(contents(write_development_pki(tmp_path / "one")).values())


def test_it_is_made_anew_for_a_server_of_another_name(tmp_path):
    before = contents(write_development_pki(tmp_path))

    assert contents(write_development_pki(tmp_path, names=["api.example.com"])) != before
