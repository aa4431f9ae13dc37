"""Which copy on disk of what is revoked is believed, and for how long?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.unit.shared.test_revocations import ALICE, NOW, Stage

from ostiary.model import Secret
from ostiary.pki.disk import Unusable
from ostiary.shared.entry import token_name
from ostiary.shared.marks import Digests
from ostiary.shared.revocations import Revocations
from ostiary.shared.store import Kept, Store


@pytest.fixture
def stage() -> Stage:
    return Stage()


def keeper(stage: Stage, folder: Path) -> Revocations:
    copy = stage.another()
    copy._keeping = Store(folder / "state", "ostiary", stage.digests)
    return copy


async def revoked(stage: Stage, folder: Path) -> Path:
    """Revoke Alice's token, run a gateway that keeps it, and return the file."""
    await stage.revoke("token", token_name("https://id", "j1"))
    copy = keeper(stage, folder)
    await copy.start()
    await copy.aclose()
    return folder / "state" / "revoked-ostiary.json"


async def again(stage: Stage, folder: Path) -> Revocations:
    """Start a gateway while Redis is away."""
    stage.redis.away = True
    copy = keeper(stage, folder)
    await copy.start()
    await copy.aclose()
    return copy


async def test_a_start_with_redis_away_refuses_what_was_revoked(stage: Stage, tmp_path: Path) -> None:
    file = await revoked(stage, tmp_path)
    copy = await again(stage, tmp_path)
    assert stage.verdict(copy=copy) == "401 token.revoked"
    assert stage.verdict(ALICE.__class__("bob", "bank", "jwt"), copy=copy) == "counts"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_a_copy_that_is_too_old_answers_nobody(stage: Stage, tmp_path: Path) -> None:
    await revoked(stage, tmp_path)
    stage.clock.now += 61
    copy = await again(stage, tmp_path)
    assert stage.verdict(copy=copy) == "503 revocation.unknown"


async def test_a_copy_grows_old_on_disk_and_in_memory_together(stage: Stage, tmp_path: Path) -> None:
    await revoked(stage, tmp_path)
    stage.clock.now += 40
    copy = await again(stage, tmp_path)
    assert stage.verdict(copy=copy) == "401 token.revoked"
    stage.steady.now += 21
    assert stage.verdict(copy=copy) == "503 revocation.unknown"


async def test_a_copy_of_the_future_answers_nobody(stage: Stage, tmp_path: Path) -> None:
    await revoked(stage, tmp_path)
    stage.clock.now -= 10
    assert stage.verdict(copy=await again(stage, tmp_path)) == "503 revocation.unknown"


async def test_what_redis_says_meanwhile_counts_at_once(stage: Stage, tmp_path: Path) -> None:
    await revoked(stage, tmp_path)
    entry = stage.entry("token", token_name("https://id", "j2"))
    await stage.copy.shelf.put(entry)
    await stage.copy.shelf.advance()
    copy = keeper(stage, tmp_path)
    await copy.start()
    await copy.aclose()
    assert entry in copy._entries.values(), "the first look takes up what is new, though it has something to put back"


async def test_a_list_that_everybody_else_has_lost_is_put_back_from_disk(stage: Stage, tmp_path: Path) -> None:
    await revoked(stage, tmp_path)
    stage.redis.lose()
    stage.clock.now += 90  # older than it may answer, and known all the same
    copy = keeper(stage, tmp_path)
    await copy.start()
    await copy.aclose()
    assert [one.kind for one in await copy.shelf.entries()] == ["token"]
    assert stage.verdict(copy=copy) == "401 token.revoked"


async def test_a_change_is_written_when_it_is_heard_and_not_with_every_look(stage: Stage, tmp_path: Path) -> None:
    file = await revoked(stage, tmp_path)
    copy = keeper(stage, tmp_path)
    await copy._look()
    await copy._save()
    written = file.read_bytes()
    await stage.copy.shelf.put(stage.entry("token", b"another"))
    await stage.copy.shelf.advance()
    await copy._look()
    assert copy._saved == 0.0, "which has it written next"
    await copy._save()
    assert len(file.read_bytes()) > len(written)


def _tampered(file: Path, stage: Stage) -> None:
    outer = json.loads(file.read_bytes())
    outer["content"] = json.dumps({**json.loads(outer["content"]), "entries": []})
    file.write_text(json.dumps(outer))


def _of_another_key(file: Path, stage: Stage) -> None:
    other = Digests("ostiary")
    other.learn(Secret(b"o" * 16))
    Store(file.parent, "ostiary", other).save(Kept(9, NOW, []))


def _cut_off(file: Path, stage: Stage) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def _writable(file: Path, stage: Stage) -> None:
    file.chmod(0o622)


def _in_a_writable_folder(file: Path, stage: Stage) -> None:
    file.parent.chmod(0o777)


def _of_no_text(file: Path, stage: Stage) -> None:
    file.write_text('{"content": 1, "digest": "x"}')


@pytest.mark.parametrize("harm", [_tampered, _of_another_key, _cut_off, _writable, _in_a_writable_folder, _of_no_text])
async def test_what_is_not_to_be_believed_is_as_if_it_were_not_there(
    stage: Stage, tmp_path: Path, harm: object
) -> None:
    file = await revoked(stage, tmp_path)
    assert callable(harm)
    harm(file, stage)
    with capture_logs() as told:
        copy = await again(stage, tmp_path)
    assert stage.verdict(copy=copy) == "503 revocation.unknown"
    assert [one["event"] for one in told][:1] == ["the copy of what is revoked cannot be used"]


async def test_without_a_place_nothing_is_kept_and_that_is_told(stage: Stage) -> None:
    copy = stage.another()
    copy._keeping = Store(None, "ostiary", stage.digests)
    with capture_logs() as told:
        await copy.start()
        await copy.aclose()
    assert [one["why"] for one in told if "why" in one] == ["the configuration has no `state`"]


def test_without_the_key_nothing_can_be_judged(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="not known yet"):
        Store(tmp_path, "ostiary", Digests("ostiary")).save(Kept(1, NOW, []))


def test_a_copy_of_another_format_is_none(tmp_path: Path, stage: Stage) -> None:
    keeping = Store(tmp_path, "ostiary", stage.digests)
    keeping.save(Kept(1, NOW, []))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ostiary.shared.store._FORMAT", 2)
        assert keeping.load() is None
    assert keeping.load() == Kept(1, NOW, [])
