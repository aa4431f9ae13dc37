"""When is a configuration taken up, and what is said when it is not?"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ostiary.config.load import examine
from ostiary.config.loaded import Loaded
from ostiary.errors import ConfigError
from ostiary.observe.lifecycle import Lifecycle
from ostiary.reload import Change, Reloader, describe

SOUND = """
version: 1
listeners: {public: {bind: "127.0.0.1:0"}}
upstreams: {one: {endpoints: ["http://127.0.0.1:1"]}}
routes:
  - {name: all, match: {path: /**}, authenticate: {anonymous: {}}, authorize: anyone, upstream: one}
"""
BROKEN = SOUND.replace("upstream: one", "upstream: two")


class House:
    """A file, and what was put to use of it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "gateway.yaml"
        self.file.write_text(SOUND)
        self.life = Lifecycle()
        self.taken: list[Loaded] = []
        self.fails: Exception | None = None
        self.change = Change(self.file, examine(self.file).draft, poll=0.02, settle=0.05)
        self.reloader = Reloader(self.file, self.take, self.life, self.change, read=examine)

    async def take(self, loaded: Loaded) -> None:
        if self.fails is not None:
            raise self.fails
        self.taken.append(loaded)

    async def refusals(self, *, asked: bool = False) -> list[str]:
        """Try to take the file up; return what was said of mistakes."""
        with capture_logs() as logs:
            await self.reloader.take_up(asked=asked)
        return [log["why"] for log in logs if log["event"].startswith("configuration refused")]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_a_sound_file_is_put_to_use(house: House) -> None:
    assert await house.refusals() == []
    assert len(house.taken) == 1
    assert (house.life.reloads, house.life.reload_refused) == ({True: 1, False: 0}, "")
    assert time.time() - house.life.configured_at < 5


async def test_a_broken_file_is_not_and_each_mistake_is_named_with_its_place(house: House) -> None:
    house.file.write_text(BROKEN.replace("version: 1", "version: 3"))
    said = await house.refusals()

    assert [why.split(" ")[0] for why in said] == [f"{house.file}:2:10:", f"{house.file}:6:97:"]
    assert (house.taken, house.life.reloads) == ([], {True: 0, False: 1})
    assert house.life.reload_refused == "\n".join(said)


async def test_the_same_mistake_is_said_once_and_another_one_again(house: House) -> None:
    house.file.write_text(BROKEN)
    assert len(await house.refusals()) == 1
    assert await house.refusals() == []
    house.file.write_text(BROKEN + "\n# a remark changes no mistake\n")
    assert await house.refusals() == []
    house.file.write_text(BROKEN.replace("two", "three"))
    assert len(await house.refusals()) == 1
    assert len(await house.refusals(asked=True)) == 1, "whoever asks is answered"


async def test_a_mistake_that_comes_back_is_said_again(house: House) -> None:
    house.file.write_text(BROKEN)
    await house.refusals()
    house.file.write_text(SOUND)
    await house.refusals()
    assert house.life.reload_refused == ""
    house.file.write_text(BROKEN)
    assert len(await house.refusals()) == 1


async def test_what_cannot_be_put_to_use_is_said_too(house: House) -> None:
    house.fails = ConfigError("listeners > public > bind: taken")
    assert await house.refusals() == ["listeners > public > bind: taken"]


async def test_a_bug_on_the_way_is_no_end_and_tells_no_secret(house: House) -> None:
    house.fails = RuntimeError("canary-7a1")
    said = await house.refusals()
    assert said == [f"{house.file}: RuntimeError"]
    assert "canary" not in house.life.reload_refused


async def test_what_is_laid_over_is_read_and_looked_at_like_the_file(house: House, tmp_path: Path) -> None:
    overlay = tmp_path / "over.yaml"
    overlay.write_text("drain_timeout: 7s\n")
    draft = examine(house.file, [overlay]).draft
    house.change = Change(house.file, draft, poll=0.02, settle=0.05, overlays=[overlay])
    house.reloader = Reloader(house.file, house.take, house.life, house.change, [overlay], read=examine)
    await house.refusals()
    assert house.taken[0].spec.drain_timeout == 7
    overlay.write_text("drain_timeout: 7 parsecs\n")
    assert not await soon(house)
    assert [why.split(" ")[0] for why in await house.refusals()] == [f"{overlay}:1:16:"]


def test_a_mistake_about_the_whole_file_has_no_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        examine(tmp_path / "nowhere.yaml").sound()
    assert describe(caught.value).startswith(f"{tmp_path / 'nowhere.yaml'}: the file cannot be read")


async def test_whoever_asks_is_told_what_does_not_change_with_the_file(house: House, monkeypatch) -> None:
    monkeypatch.setenv("HOUSE_KEY", "canary-of-32-characters-or-more-than-that")
    house.file.write_text(SOUND + "admin: {bind: '127.0.0.1:0', token: env:HOUSE_KEY}\n")
    with capture_logs() as logs:
        await house.reloader.take_up()
        await house.reloader.take_up(asked=True)
    (told,) = [log for log in logs if "env:" in log["event"]]
    assert told["names"] == ["HOUSE_KEY"]


async def test_a_variable_that_was_not_there_at_the_start_is_refused_with_what_to_do(house: House, monkeypatch) -> None:
    monkeypatch.delenv("HOUSE_KEY", raising=False)
    house.file.write_text(SOUND + "admin: {bind: '127.0.0.1:0', token: env:HOUSE_KEY}\n")
    (why,) = await house.refusals()
    assert "HOUSE_KEY is not set" in why
    assert "restart it, or write file:" in why
    assert why.endswith("[C507]")
    assert house.taken == []


# --- when ----------------------------------------------------------------------------------------


async def soon(house: House) -> bool:
    return await asyncio.wait_for(house.change.next(), 5)


async def test_nothing_new_is_waited_for(house: House) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(house.change.next(), 0.3)


async def test_a_change_is_noticed_when_it_is_complete(house: House) -> None:
    waiting = asyncio.create_task(soon(house))
    for piece in range(6):
        house.file.write_text(SOUND + f"# {piece}\n" * 3)
        await asyncio.sleep(0.03)
        assert not waiting.done(), "somebody is still writing"
    assert not await waiting
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(house.change.next(), 0.3)


async def test_files_that_never_stand_still_are_taken_as_they_are(house: House) -> None:
    house.change = Change(house.file, None, poll=0.01, settle=0.01)
    waiting = asyncio.create_task(soon(house))
    for piece in range(1000):
        house.file.write_text(f"# {piece}")
        await asyncio.sleep(0.002)
        if waiting.done():
            break
    assert not await waiting


async def test_whoever_asks_does_not_wait_and_is_answered_once(house: House) -> None:
    house.change.ask()
    house.change.ask()
    assert await soon(house)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(house.change.next(), 0.2)


async def test_who_is_to_stop_in_the_moment_in_which_it_is_asked_stops(house: House) -> None:
    waiting = asyncio.ensure_future(house.reloader.follow())
    await asyncio.sleep(0)
    house.change.ask()
    waiting.cancel()
    await asyncio.wait([waiting], timeout=5)
    assert waiting.cancelled()


async def test_where_nobody_looks_only_asking_counts(house: House) -> None:
    house.change = Change(house.file, None, poll=None)
    house.file.write_text(BROKEN)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(house.change.next(), 0.2)
    house.change.ask()
    assert await soon(house)


async def test_a_file_that_the_new_one_points_at_is_looked_at_from_then_on(house: House, tmp_path: Path) -> None:
    tls = '{bind: "127.0.0.1:0", tls: {certificate: file:a.pem, private_key: file:a.key}}'
    house.file.write_text(SOUND.replace('{bind: "127.0.0.1:0"}', tls))
    assert not await soon(house)
    await house.refusals()
    (tmp_path / "a.pem").write_text("something")
    assert not await soon(house)


async def test_what_changes_while_it_is_taken_up_is_taken_up_afterwards(house: House) -> None:
    house.file.write_text(SOUND + "# one\n")
    assert not await soon(house)
    house.file.write_text(SOUND + "# two\n")
    await house.refusals()
    assert not await soon(house)
