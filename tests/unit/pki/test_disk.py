"""Is a file there whole or not at all, and is a copy believed only where nobody else can write?"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ostiary.pki.disk import Unusable, load_copy, save_copy, write_whole


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "copy"


def test_what_was_saved_is_loaded_with_its_time(path: Path) -> None:
    save_copy(path, b"content", 1e9)
    assert load_copy(path, 7) == (b"content", 1e9)


def test_nobody_else_can_read_it_or_its_folder(path: Path) -> None:
    save_copy(path, b"content")
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)


def test_where_there_is_none_none_is_loaded(path: Path) -> None:
    assert load_copy(path, 7) is None


def test_one_that_is_too_large_is_not_believed_in_part(path: Path) -> None:
    save_copy(path, b"content")
    with pytest.raises(Unusable, match="too large"):
        load_copy(path, 6)


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_one_that_others_can_write_is_not_believed(path: Path, mode: int) -> None:
    save_copy(path, b"content")
    path.chmod(mode)
    with pytest.raises(Unusable, match="others can write it"):
        load_copy(path, 7)


def test_nor_is_one_in_a_folder_that_others_can_write(path: Path) -> None:
    save_copy(path, b"content")
    path.parent.chmod(0o770)
    with pytest.raises(Unusable, match="others can write it"):
        load_copy(path, 7)


def test_a_write_that_fails_leaves_what_was_there_and_nothing_beside_it(path: Path, monkeypatch) -> None:
    save_copy(path, b"old")

    def fail(_: int, __: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", fail)
    with pytest.raises(Unusable, match="No space left"):
        save_copy(path, b"new")
    assert [one.name for one in path.parent.iterdir()] == ["copy"]
    assert path.read_bytes() == b"old"


def test_a_file_for_everybody_has_its_mode_from_the_first_moment(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", b"content", 0o644)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


def test_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to(pipe)
    for path in (pipe, tmp_path / "link"):
        with pytest.raises(OSError, match="no ordinary file"):
            write_whole(path, b"content", 0o600)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", "pipe"]


def test_a_folder_is_not_either_and_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as raised:
        write_whole(tmp_path, b"content", 0o600)
    assert raised.value.filename == str(tmp_path)


def test_a_link_to_a_file_is_replaced_by_the_file(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "link").symlink_to("old")
    write_whole(tmp_path / "link", b"new", 0o600)
    assert ((tmp_path / "link").read_bytes(), (tmp_path / "old").read_bytes()) == (b"new", b"old")
