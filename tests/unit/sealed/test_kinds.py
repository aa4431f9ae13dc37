"""May a record of one kind be taken for another?"""

from __future__ import annotations

import pytest
from tests.unit.sealed.conftest import pair

from ostiary.model import Secret
from ostiary.sealed import VersionState
from ostiary.sealed.errors import Misconfigured
from ostiary.sealed.store import KEY

PRIVATE = {"private": Secret("-----BEGIN PRIVATE KEY-----")}


def test_a_key_is_not_given_out_as_a_credential(store):
    store.put("keys/a", PRIVATE, kind=KEY)
    with pytest.raises(Misconfigured, match="keys/a is a key, not a credential"):
        store.read("keys/a")


def test_a_credential_is_not_taken_for_a_key(store):
    store.put("keys/a", pair())
    with pytest.raises(Misconfigured, match="is a credential, not a key"):
        store.read_all("keys/a", KEY)


def test_no_version_of_one_kind_is_added_to_a_record_of_another(store):
    store.put("keys/a", PRIVATE, kind=KEY)
    with pytest.raises(Misconfigured):
        store.put("keys/a", pair())


def test_the_state_of_one_kind_is_not_changed_as_another(store):
    store.put("keys/a", PRIVATE, kind=KEY)
    with pytest.raises(Misconfigured):
        store.change("keys/a", VersionState.DESTROYED)


def test_all_versions_are_read_with_what_is_left_of_them(store):
    for _ in range(3):
        store.put("keys/a", PRIVATE, kind=KEY)
    store.change("keys/a", VersionState.DESTROYED, 1, KEY)
    store.change("keys/a", VersionState.DISABLED, 2, KEY)
    found, _ = store.read_all("keys/a", KEY)
    assert [(one.version.number, one.version.state.value, bool(one.fields)) for one in found] == [
        (1, "destroyed", False),
        (2, "disabled", True),
        (3, "enabled", True),
    ]
