"""What does the local vault keep, and which version does it give?"""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.unit.sealed.conftest import CANARY, pair

from ostiary.model import Secret
from ostiary.sealed import LocalStore, VersionState
from ostiary.sealed.crypt import MasterKeys, identified
from ostiary.sealed.errors import AccessDenied, Destroyed, Misconfigured, NotFound, Unavailable


def given(store: LocalStore, path: str = "a", pinned: int | None = None) -> tuple[int, str]:
    opened, _ = store.read(path, pinned)
    return opened.version.number, opened.fields["secret"].reveal().decode()


def test_what_was_put_is_read(store):
    store.put("a", pair("näme", "pässword"))
    opened, _ = store.read("a")
    assert {name: value.reveal().decode() for name, value in opened.fields.items()} == {
        "id": "näme",
        "secret": "pässword",
    }


def test_the_newest_version_counts_and_a_pin_holds(store):
    assert [store.put("a", pair(secret=text)) for text in ("one", "two")] == [1, 2]
    assert given(store) == (2, "two")
    assert given(store, pinned=1) == (1, "one")


def test_a_disabled_version_steps_aside_and_comes_back(store):
    store.put("a", pair(secret="one"))
    store.put("a", pair(secret="two"))
    assert store.change("a", VersionState.DISABLED, 2) == [2]
    assert given(store) == (1, "one")
    with pytest.raises(AccessDenied):
        store.read("a", 2)
    store.change("a", VersionState.ENABLED, 2)
    assert given(store) == (2, "two")


def test_a_destroyed_version_is_gone_for_ever(store):
    store.put("a", pair(secret="one"))
    store.put("a", pair(secret="two"))
    store.change("a", VersionState.DESTROYED, 2)
    assert store.change("a", VersionState.ENABLED, 2) == []
    assert given(store) == (1, "one")
    with pytest.raises(Destroyed):
        store.read("a", 2)


def test_numbers_are_not_used_twice(store):
    store.put("a", pair())
    assert store.change("a", VersionState.DESTROYED) == [1]
    with pytest.raises(Destroyed):
        store.read("a")
    assert store.put("a", pair()) == 2


def test_what_was_never_put_is_not_found(store):
    store.put("a", pair())
    for path, pinned in (("b", None), ("a", 2)):
        with pytest.raises(NotFound):
            store.read(path, pinned)
    with pytest.raises(NotFound):
        store.put("b", pair(), existing=True)
    with pytest.raises(NotFound):
        store.change("a", VersionState.DISABLED, 7)


def test_nothing_is_readable_in_the_files(store, folder):
    store.put("a", pair())
    keep = sqlite3.connect(store.path)  # keeps the log from being folded into the file
    keep.execute("SELECT * FROM version").fetchall()
    store.put("a", pair(secret=CANARY * 100))
    octets = b"".join(file.read_bytes() for file in folder.iterdir())
    keep.close()
    assert len(octets) > 4096
    assert CANARY.encode() not in octets


def test_what_was_destroyed_leaves_no_ciphertext_behind(store, folder):
    store.put("a", pair())
    (version,) = store.versions()
    assert version.sealed
    before = b"".join(file.read_bytes() for file in folder.iterdir())
    store.change("a", VersionState.DESTROYED)
    after = b"".join(file.read_bytes() for file in folder.iterdir())
    assert version.sealed in before
    assert version.sealed not in after


def test_a_file_that_is_not_there_is_an_outage(store):
    with pytest.raises(Unavailable):
        store.read("a")


def test_an_empty_file_is_no_vault(store):
    store.path.touch(mode=0o600)
    with pytest.raises(Misconfigured):
        store.read("a")


def test_several_processes_write_and_nothing_is_lost(store):
    key = store.masters.current.octets.reveal()
    fork = multiprocessing.get_context("spawn")
    workers = [fork.Process(target=put_many, args=(str(store.path), key, name)) for name in ("x", "y")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    versions = store.versions()
    assert [version.number for version in versions] == list(range(1, 41))
    assert {store.read("shared", version.number)[0].fields["id"].reveal() for version in versions} == {b"x", b"y"}


def test_several_who_make_the_vault_at_the_same_moment_wait_for_each_other(tmp_path):
    def found(folder: int) -> list[int]:
        store = LocalStore(tmp_path / f"{folder}.db", MasterKeys(identified(bytes(32))))
        together = threading.Barrier(4)

        def put(_: int) -> int:
            together.wait()
            return store.put("shared", pair())

        with ThreadPoolExecutor(4) as threads:
            return sorted(threads.map(put, range(4)))

    assert [found(folder) for folder in range(10)] == [[1, 2, 3, 4]] * 10


def put_many(path: str, key: bytes, name: str) -> None:
    store = LocalStore(Path(path), MasterKeys(identified(key)))
    for number in range(20):
        store.put("shared", pair(name, f"{name}-{number}"))


def test_an_interrupted_write_changes_nothing(store, monkeypatch):
    store.put("a", pair(secret="one"))

    def breaks(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ostiary.sealed.ledger.reseal", breaks)
        with pytest.raises(KeyboardInterrupt):
            store.put("a", pair(secret="two"))
    assert given(store) == (1, "one")


def test_nothing_that_is_opened_prints(store):
    store.put("a", pair())
    opened, _ = store.read("a")
    key = store.masters.current.octets.reveal()
    for text in (repr(opened), repr(store), repr(store.masters), str(opened.fields)):
        assert CANARY not in text
        assert repr(key)[2:-1] not in text


def test_a_secret_that_looks_like_anything_survives(store):
    odd = '{"a": "\u0000\U0001f511\\"}\n'
    store.put("a", {"secret": Secret(odd)})
    assert store.read("a")[0].fields["secret"].reveal() == odd.encode()
