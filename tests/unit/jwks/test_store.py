"""When is a key set on disk believed?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ostiary.jwks.source import Document
from ostiary.jwks.store import Copy, Store
from ostiary.pki.disk import Unusable

COPY = Copy(Document(b'{"keys":[]}', 'https://id.example.com/jwks "v1"', 300.0), 1_700_000_000.0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state", "bank", "https://id.example.com/jwks")


def test_what_was_kept_is_found_again(store: Store) -> None:
    store.save(COPY)
    assert store.load() == COPY
    store.save(Copy(Document(b"other"), 1.0))
    assert store.load() == Copy(Document(b"other"), 1.0)


def test_nothing_kept_is_nothing_wrong(store: Store) -> None:
    assert store.load() is None


def test_only_its_owner_can_read_or_write_it(store: Store) -> None:
    store.save(COPY)
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert store.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_copy_that_others_can_write_is_not_believed(store: Store, mode: int) -> None:
    store.save(COPY)
    store.path.chmod(mode)
    with pytest.raises(Unusable, match="others"):
        store.load()


def test_a_folder_that_others_can_write_is_not_believed(store: Store) -> None:
    store.save(COPY)
    store.path.parent.chmod(0o777)
    with pytest.raises(Unusable, match="others"):
        store.load()


def test_a_copy_from_another_place_is_none(store: Store) -> None:
    store.save(COPY)
    assert Store(store.path.parent, "bank", "https://elsewhere.example/jwks").load() is None


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format":1}', b"\xff", b"x" * (2 << 20)])
def test_a_broken_copy_is_said_to_be_broken(store: Store, data: bytes) -> None:
    store.save(COPY)
    store.path.write_bytes(data)
    with pytest.raises(Unusable):
        store.load()


def test_a_copy_of_another_version_of_ours_is_none(store: Store) -> None:
    store.save(COPY)
    fields = json.loads(store.path.read_bytes())
    store.path.write_text(json.dumps({**fields, "format": 2}))
    assert store.load() is None


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(Unusable):
        Store(tmp_path / "state", "bank", "x").save(COPY)


def test_a_half_written_copy_of_a_crash_is_written_over(store: Store) -> None:
    store.save(COPY)
    for beside in (store.path.with_suffix(".1.new"),):
        beside.write_text("half")
    store.save(COPY)
    assert store.load() == COPY
