"""What does the master key open, and how is it changed?"""

from __future__ import annotations

import base64
import sqlite3
from dataclasses import replace

import pytest
from tests.unit.sealed.conftest import CANARY, pair

from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.sealed import LocalStore, new_key_text
from ostiary.sealed.crypt import MasterKeys, master_key, new_key
from ostiary.sealed.errors import Sealed


@pytest.fixture
def rotated(store: LocalStore) -> LocalStore:
    """The vault of `store`, opened with a new master key and the old one beside it."""
    store.put("a", pair())
    return replace(store, masters=MasterKeys(new_key(), (store.masters.current,)))


def test_a_new_key_is_32_octets_in_base64():
    text = new_key_text()
    assert len(base64.b64decode(text)) == 32
    assert master_key(Secret(text), "env:KEY").octets.reveal() == base64.b64decode(text)
    assert new_key_text() != text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short",
        "!" * 44,
        base64.b64encode(b"x" * 31).decode(),
        base64.b64encode(b"x" * 33).decode(),
        f"{'A' * 43}=x",
    ],
)
def test_what_is_not_a_master_key_is_refused_without_being_shown(text):
    with pytest.raises(ConfigError) as caught:
        master_key(Secret(text), "env:KEY")
    assert str(caught.value).startswith("env:KEY: a master key is 32 octets in base64")


def test_another_master_key_opens_nothing_and_the_message_says_which_is_wanted(store):
    store.put("a", pair())
    other = replace(store, masters=MasterKeys(new_key()))
    with pytest.raises(Sealed, match=store.masters.current.id):
        other.read("a")
    with pytest.raises(Sealed, match=other.masters.current.id):
        other.put("a", pair())


def test_a_previous_key_opens_until_the_vault_is_rekeyed(store, rotated):
    assert rotated.read("a")[0].version.number == 1
    assert rotated.rekey() == 2
    assert rotated.read("a")[0].fields["secret"].reveal() == CANARY.encode()
    with pytest.raises(Sealed):
        store.read("a")


def test_after_rekeying_the_previous_key_is_not_needed(rotated):
    rotated.rekey()
    alone = replace(rotated, masters=MasterKeys(rotated.masters.current))
    assert alone.read("a")[0].version.number == 1
    assert alone.rekey() == 0


def test_rekeying_touches_no_row_and_new_rows_get_a_new_data_key(rotated):
    (before,) = rotated.versions()
    rotated.rekey()
    rotated.put("a", pair())
    first, second = rotated.versions()
    assert first == before
    assert second.key > first.key


def test_a_rekeying_that_fails_half_way_has_not_happened(store, rotated):
    with sqlite3.connect(store.path) as db:
        db.execute("UPDATE data_key SET wrapped = x'00' WHERE number = 2")
    db.close()
    with pytest.raises(Exception, match="does not match its seal"):
        rotated.rekey()
    with sqlite3.connect(store.path) as db:
        masters = {master for (master,) in db.execute("SELECT master FROM data_key")}
    db.close()
    assert masters == {store.masters.current.id}


def test_rekeying_without_the_old_key_is_refused(store):
    store.put("a", pair())
    with pytest.raises(Sealed):
        replace(store, masters=MasterKeys(new_key())).rekey()
