"""Is it said of a file that it will never change?"""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ostiary.vault.files import mounts
from ostiary.vault.files.mounts import alone, points
from ostiary.vault.files.provider import FilesProvider
from ostiary.vault.files.reader import Reader

LINE = "{number} 27 0:22 /x {point} rw,relatime shared:1 - tmpfs tmpfs rw"


def table(*places: object) -> str:
    return "\n".join(LINE.format(number=n, point=str(one).replace(" ", "\\040")) for n, one in enumerate(places))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "run" / "secrets"
    (root / "volume").mkdir(parents=True)
    for name in ("api token", "volume/key", "plain"):
        (root / name).write_text("x")
    return root


def test_a_mount_point_is_the_fifth_field_with_its_escapes_undone() -> None:
    assert points("1 2 0:3 / /a\\040b\\134c rw - t t rw\nodd\n") == [Path("/a b\\c")]


def test_files_that_are_mounted_below_the_folder_stay_as_they_are(folder: Path, tmp_path: Path) -> None:
    told = tmp_path / "mountinfo"
    told.write_text(table("/", folder, folder / "api token", folder / "volume", folder / "gone", tmp_path / "plain"))
    assert alone(folder, told) == [folder / "api token"]


def test_where_the_kernel_does_not_tell_nothing_is_said(folder: Path, tmp_path: Path) -> None:
    assert alone(folder, tmp_path / "nowhere") == []


def test_this_machine_has_a_table_that_can_be_read() -> None:
    assert Path("/") in points(mounts.MOUNTS.read_text())


async def test_it_is_said_once_at_the_start(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "mountinfo"
    told.write_text(table(folder / "volume" / "key"))
    monkeypatch.setattr(alone, "__defaults__", (told,))
    provider = FilesProvider(Reader(folder))
    with capture_logs() as logs:
        await provider.start()
    await provider.aclose()
    (said,) = (one for one in logs if "mounted" in one["event"])
    assert (said["log_level"], said["path"]) == ("warning", str(folder / "volume" / "key"))
