"""Is a record of a folder read whole, and only by those who may?"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ostiary.errors import ConfigError
from ostiary.vault.errors import AccessDenied, Misconfigured, NotFound, SecretError, Unavailable
from ostiary.vault.files.reader import LARGEST, MOST, Reader


def write(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


def plain(reader: Reader, path: str) -> dict[str, str]:
    return {name: secret.reveal().decode() for name, secret in reader.read(path).fields.items()}


def publish(root: Path, version: int, **fields: str) -> None:
    """Write a volume as the kubelet does: a new folder, then the link `..data` over it, then the old one goes."""
    folder = root / f"..{version}"
    for name, value in fields.items():
        write(folder / name, value, 0o644)
    link = root / "..data_tmp"
    link.symlink_to(folder.name)
    link.replace(root / "..data")
    for name in fields:
        if not (root / name).is_symlink():
            (root / name).symlink_to(f"..data/{name}")
    before = root / f"..{version - 1}"
    if before.exists():
        for file in before.iterdir():
            file.unlink()
        before.rmdir()


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def test_a_file_is_one_value_and_loses_one_newline(reader: Reader):
    write(reader.root / "token", "hush\n\n")
    assert plain(reader, "token") == {"secret": "hush\n"}


@pytest.mark.parametrize(
    ("name", "text"),
    [("crm.json", '{"id": "a", "secret": "b"}'), ("crm.yaml", "id: a\nsecret: b\n"), ("crm.env", "id=a\nsecret=b\n")],
)
def test_the_ending_of_a_name_says_what_form_the_file_has(reader: Reader, name: str, text: str):
    write(reader.root / name, text)
    assert plain(reader, name) == {"id": "a", "secret": "b"}


def test_a_folder_is_a_record_with_a_file_for_each_field(reader: Reader):
    write(reader.root / "crm" / "id", "a\n")
    write(reader.root / "crm" / "secret", "b\n")
    write(reader.root / "crm" / ".hidden", "c")
    write(reader.root / "crm" / "below" / "d", "d")
    assert plain(reader, "crm") == {"id": "a", "secret": "b"}


def test_octets_that_are_no_text_are_kept_as_they_are(reader: Reader):
    write(reader.root / "key", b"\xff\x00\xfe")
    assert reader.read("key").fields["secret"].reveal() == b"\xff\x00\xfe"


def test_another_content_is_another_version_and_the_same_is_the_same(reader: Reader):
    write(reader.root / "token", "one")
    first = reader.read("token").version
    assert reader.read("token").version == first
    write(reader.root / "token", "two")
    assert reader.read("token").version != first


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_what_others_can_read_is_refused_unless_it_is_accepted(reader: Reader, mode: int):
    write(reader.root / "token", "hush", mode)
    with pytest.raises(AccessDenied, match="others"):
        reader.read("token")
    assert plain(Reader(reader.root, others=True), "token") == {"secret": "hush"}


def test_a_file_of_another_user_is_refused(reader: Reader):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chown(write(reader.root / "token", "hush"), 12345, 12345)
    with pytest.raises(AccessDenied, match="12345"):
        reader.read("token")


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/.", "a\0b", "a%2fb", "a\\b"])
def test_a_path_that_leads_elsewhere_is_refused(reader: Reader, path: str):
    with pytest.raises(ConfigError):
        reader.read(path)


@pytest.mark.parametrize("path", ["absent", "absent/id", "token/id"])
def test_what_is_not_there_is_not_found(reader: Reader, path: str):
    write(reader.root / "token", "hush")
    with pytest.raises(NotFound):
        reader.read(path)


def test_what_is_too_large_too_many_or_no_file_is_refused(reader: Reader):
    write(reader.root / "large", b"x" * (LARGEST + 1))
    for number in range(MOST + 1):
        write(reader.root / "many" / str(number), "x")
    os.mkfifo(reader.root / "pipe", 0o600)
    for path in ("large", "many", "pipe"):
        with pytest.raises(Misconfigured):
            reader.read(path)


def test_a_half_written_record_is_an_error_that_may_pass(reader: Reader):
    write(reader.root / "crm.json", '{"id": "a", "sec')
    with pytest.raises(Unavailable):
        reader.read("crm.json")


def test_a_volume_of_kubernetes_is_read_through_its_current_version(tmp_path: Path):
    publish(tmp_path / "crm", 1, id="a", secret="b")
    reader = Reader(tmp_path, others=True)
    assert plain(reader, "crm") == {"id": "a", "secret": "b"}
    assert plain(Reader(tmp_path / "crm", others=True), "secret") == {"secret": "b"}
    publish(tmp_path / "crm", 2, id="c", secret="d")
    assert plain(reader, "crm") == {"id": "c", "secret": "d"}


def test_no_record_is_torn_while_the_volume_is_switched(tmp_path: Path):
    publish(tmp_path / "crm", 0, id="0", secret="0")
    reader, done = Reader(tmp_path, others=True), threading.Event()

    def switch() -> None:
        for version in range(1, 200):
            publish(tmp_path / "crm", version, id=str(version), secret=str(version))
        done.set()

    writer = threading.Thread(target=switch)
    writer.start()
    seen = set()
    while not done.is_set():
        try:
            fields = plain(reader, "crm")
        except SecretError:
            continue  # five times in a row in the middle of a switch: not torn, and asked again
        assert fields["id"] == fields["secret"]
        seen.add(fields["id"])
    writer.join()
    assert plain(reader, "crm") == {"id": "199", "secret": "199"}
    assert len(seen) > 1


def test_a_plain_folder_that_changes_while_it_is_read_is_read_again(reader: Reader, monkeypatch: pytest.MonkeyPatch):
    write(reader.root / "crm" / "id", "old")
    write(reader.root / "crm" / "secret", "old")
    octets, times = Reader._octets, []

    def slow(self: Reader, folder: int, name: str):
        found = octets(self, folder, name)
        times.append(name)
        if times == ["id"]:
            write(reader.root / "crm" / "id", "new!")
            write(reader.root / "crm" / "secret", "new!")
        return found

    monkeypatch.setattr(Reader, "_octets", slow)
    assert plain(reader, "crm") == {"id": "new!", "secret": "new!"}
    assert times == ["id", "secret", "id", "secret"]


def test_a_folder_that_is_gone_says_nothing_of_its_records(tmp_path: Path):
    with pytest.raises(Unavailable, match="folder"):
        Reader(tmp_path / "unmounted").read("token")
