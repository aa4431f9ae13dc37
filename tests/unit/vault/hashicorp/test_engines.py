"""What do answers of databases and certificate authorities mean?"""

from __future__ import annotations

from typing import Any

import pytest

from ostiary.config.vaults import CredentialSpec
from ostiary.errors import ConfigError
from ostiary.vault.errors import AccessDenied, Misconfigured, SecretError, Unavailable
from ostiary.vault.freshness import exhausted
from ostiary.vault.hashicorp.api import Reply
from ostiary.vault.hashicorp.database import SOON, Database, extended, lent, rotated
from ostiary.vault.hashicorp.keyvalue import KeyValue, KeyValueOne, digest
from ostiary.vault.hashicorp.pki import Issuing, issued
from ostiary.vault.hashicorp.provider import HashicorpProvider

PAIR = {"username": "v-app-1", "password": "canary-1d0e"}
CERTIFICATE = {"certificate": "LEAF", "private_key": "KEY", "serial_number": "0a:0b", "expiration": 2000}


def said(data: Any, status: int = 200, **body: Any) -> Reply:
    return Reply(status, {"data": data, **body}, spoken=True)


def made(**changes: Any) -> Reply:
    return said(PAIR, **{"lease_id": "database/creds/app/x", "lease_duration": 60, "renewable": True, **changes})


def test_a_user_that_was_made_is_lent_until_the_end_of_the_lease():
    record = lent(made(), 100.0, 7)
    assert (record.not_after, record.made, record.changes_at) == (160.0, True, None)
    assert record.lease is not None
    assert (record.lease.lasts, record.lease.renewable, record.lease.login) == (60.0, True, 7)


def test_the_names_that_credentials_have_by_default_are_there_beside_the_servers_own():
    fields = lent(made(), 0.0, 1).fields
    assert {name: fields[name].reveal() for name in ("id", "username")} == {"id": b"v-app-1", "username": b"v-app-1"}
    assert fields["secret"] == fields["password"]


def test_the_version_of_a_lease_is_another_for_another_lease_and_is_not_its_name():
    one, other = lent(made(), 0.0, 1), lent(made(lease_id="database/creds/app/y"), 0.0, 1)
    assert one.version != other.version
    assert "database" not in one.version


@pytest.mark.parametrize(
    ("reply", "means"),
    [
        (made(lease_id=""), Misconfigured),
        (made(lease_duration=0), Misconfigured),
        (said({"username": "x"}, lease_id="l", lease_duration=60), Misconfigured),
        (said(None), Unavailable),
        (said(None, 400, errors=["unknown role"]), Misconfigured),
        (said(None, 403, errors=["permission denied"]), AccessDenied),
        (said(None, 500, errors=["the database is away"]), Unavailable),
    ],
)
def test_what_is_no_lease(reply, means):
    with pytest.raises(means):
        lent(reply, 0.0, 1)


def test_a_renewal_gives_another_end_and_the_same_user():
    record = lent(made(), 100.0, 7)
    assert record.lease is not None
    later = extended(record, record.lease, said(None, lease_duration=60, renewable=True), 140.0)
    assert (later.not_after, later.version, later.fields, exhausted(later)) == (
        200.0,
        record.version,
        record.fields,
        False,
    )
    assert exhausted(extended(record, record.lease, said(None, lease_duration=10, renewable=True), 140.0))


def test_a_static_password_changes_when_the_server_says():
    data = {**PAIR, "last_vault_rotation": "2026-01-01T00:00:00Z", "ttl": 25, "rotation_period": 60}
    record = rotated(said(data), 100.0)
    assert (record.version, record.changes_at, record.not_after, record.made) == (
        "2026-01-01T00:00:00Z",
        125.0,
        None,
        False,
    )


@pytest.mark.parametrize("ttl", [0, -3, None, "soon"])
def test_a_change_that_is_overdue_is_asked_for_soon_and_not_all_the_time(ttl):
    assert rotated(said({**PAIR, "last_vault_rotation": "t", "ttl": ttl}), 100.0).changes_at == 100.0 + SOON


def test_what_is_no_static_role():
    with pytest.raises(Misconfigured):
        rotated(said(PAIR), 0.0)


def test_a_certificate_lives_as_long_as_it_says_whatever_was_asked_for():
    record = issued(said({**CERTIFICATE, "ca_chain": ["ABOVE", 7]}), 100.0, today=1700.0)
    assert (record.not_after, record.version, record.made, record.lease) == (400.0, "0a:0b", True, None)
    assert record.fields["certificate"].reveal() == b"LEAF\nABOVE"
    assert record.fields["private_key"].reveal() == b"KEY"


def test_a_certificate_that_has_ended_is_dead_at_once():
    assert issued(said(CERTIFICATE), 100.0, today=3000.0).not_after == 100.0


@pytest.mark.parametrize("missing", ["certificate", "private_key", "serial_number", "expiration"])
def test_what_is_no_certificate(missing):
    with pytest.raises(SecretError):
        issued(said({**CERTIFICATE, missing: None}), 0.0)


def test_the_version_of_a_content_is_the_same_for_the_same_content_only():
    assert digest({"a": "x", "b": "y"}) == digest({"b": "y", "a": "x"})
    assert digest({"a": "x"}) != digest({"a": "y"})
    assert "x" * 20 not in digest({"a": "x" * 20})


# --- which engine -----------------------------------------------------------------------------


class Nobody:
    """A client that is never asked."""

    place = "https://vault.example.com team"


def spec(**options: Any) -> CredentialSpec:
    return CredentialSpec(vault="v", **options)


@pytest.mark.parametrize(
    ("options", "kind", "mount"),
    [
        ({}, HashicorpProvider, "secret"),
        ({"mount": "other"}, KeyValue, "other"),
        ({"engine": "kv-v1"}, KeyValueOne, "secret"),
        ({"engine": "database"}, Database, "database"),
        ({"engine": "database", "mount": "crm-db"}, Database, "crm-db"),
        ({"engine": "pki", "parameters": {"common_name": "x"}}, Issuing, "pki"),
    ],
)
def test_a_credential_says_where_it_comes_from(options, kind, mount):
    branch = HashicorpProvider(Nobody(), "secret").branch(spec(**options))
    assert (type(branch), branch.mount) == (kind, mount)


def test_engines_that_give_the_same_have_the_same_origin_and_others_another():
    root = HashicorpProvider(Nobody(), "secret")
    origins = [
        root.branch(spec(**options)).origin
        for options in (
            {},
            {"mount": "secret"},
            {"mount": "other"},
            {"engine": "kv-v1"},
            {"engine": "database"},
            {"engine": "pki", "parameters": {"common_name": "x"}},
            {"engine": "pki", "parameters": {"common_name": "y"}},
        )
    ]
    assert origins[0] == origins[1]
    assert len(set(origins)) == 6


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"engine": "database"}, "roles/app"),
        ({"engine": "database"}, "creds/../config"),
        ({"engine": "pki"}, "root/generate"),
        ({"engine": "kv-v1"}, "a//b"),
        ({"mount": "a/../sys"}, "x"),
    ],
)
def test_a_path_that_is_no_credential_is_refused(options, path):
    with pytest.raises(ConfigError):
        HashicorpProvider(Nobody(), "secret").branch(spec(**options)).check(path)
