"""Who may touch the vault's file?"""

from __future__ import annotations

import os
import stat

import pytest
from tests.unit.sealed.conftest import pair

from ostiary.errors import ConfigError
from ostiary.sealed import files


def test_a_new_vault_and_its_log_are_for_its_owner_only(store, folder):
    before = os.umask(0)
    try:
        store.put("a", pair())
    finally:
        os.umask(before)
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_a_missing_folder_is_made_for_its_owner_only(folder):
    files.create(folder / "var" / "vault.db")
    assert stat.S_IMODE((folder / "var").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700 | 0o011])
def test_a_file_that_others_can_read_is_refused(store, mode):
    store.put("a", pair())
    store.path.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        files.check_file(store.path)


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o1777])
def test_a_folder_that_others_can_write_to_is_refused(store, folder, mode):
    store.put("a", pair())
    folder.chmod(mode)
    with pytest.raises(ConfigError, match="chmod go-w"):
        files.check_file(store.path)
    folder.chmod(0o700)


def test_a_link_is_refused(store, folder):
    store.put("a", pair())
    (folder / "link").symlink_to(store.path)
    with pytest.raises(ConfigError):
        files.check_file(folder / "link")
    with pytest.raises(ConfigError):
        files.create(folder / "link")


def test_a_vault_that_is_not_there_says_how_to_make_one(store):
    with pytest.raises(ConfigError, match="ostiary vault put"):
        files.check_file(store.path)


def test_a_vault_of_somebody_else_is_refused(store, monkeypatch):
    store.put("a", pair())
    owner = os.geteuid() + 1
    os.chown(store.path, owner, -1) if os.geteuid() == 0 else monkeypatch.setattr(os, "geteuid", lambda: owner)
    with pytest.raises(ConfigError, match="belongs to another user"):
        files.check_file(store.path)
