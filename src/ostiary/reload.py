"""A new configuration, taken up while the old one serves.

    SIGHUP, or a file has changed and nobody writes any more
      -> read and judge -> build beside the running gateway -> start -> exchange one reference
      -> close the old one after its last request

Whatever fails on the way leaves everything as it is, and is said once, in the words of `ostiary check`.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import structlog

from ostiary.config.draft import Draft
from ostiary.config.loaded import Examined, Loaded
from ostiary.config.problem import ConfigInvalid, Problem, errors
from ostiary.config.reading.child_process import examine_apart
from ostiary.config.reading.watch import Digests, Watch, files_of, variables_of
from ostiary.errors import ConfigError
from ostiary.observe.lifecycle import Lifecycle

log = structlog.get_logger("ostiary.reload")

POLL: Final = 1.0
_SETTLE: Final = 0.2
_LOOKS: Final = 25
"""Looks at files that keep changing, before they are taken as they are."""

_OF_THE_START: Final = ": a process keeps the environment of its start, so restart it, or write file: in place of env:"

Take: TypeAlias = Callable[[Loaded], Awaitable[None]]
"""Puts a configuration to use, as a whole or not at all; raises ConfigError when it cannot be used."""
Read: TypeAlias = Callable[[Path, Sequence[Path]], Examined]
"""Reads a file and its overlays. Blocks; raises ConfigError when there is no reading it."""


class Change:
    """Knows when a configuration has changed.

    Args:
        path: the file.
        draft: what it said when it was read.
        poll: seconds between two looks; None: nobody looks, it is asked for.
        settle: seconds for which nothing may change before it counts as written.
        overlays: the files that are laid over it.
    """

    def __init__(
        self,
        path: Path,
        draft: Draft | None,
        *,
        poll: float | None = POLL,
        settle: float = _SETTLE,
        overlays: Sequence[Path] = (),
    ) -> None:
        self._path = path
        self._overlays = tuple(overlays)
        self._poll = poll
        self._settle = settle
        self._watch = Watch()
        self._asked = asyncio.Event()
        self._files = files_of(path, draft, overlays)
        self._known = self._watch.look(self._files)

    def ask(self) -> None:
        """Let it count as changed, whatever the files say."""
        self._asked.set()

    async def next(self) -> bool:
        """Return when there is something new. True: because it was asked for."""
        while not self._asked.is_set():
            try:  # not `wait_for`: until CPython 3.12 it forgets a cancellation that meets the answer
                async with asyncio.timeout(self._poll):
                    await self._asked.wait()
            except TimeoutError:
                if (seen := await self._look()) != self._known:
                    self._known = await self._settled(seen)
                    return False
        self._asked.clear()
        self._known = await self._look()
        return True

    async def reads(self, draft: Draft | None) -> None:
        """Look at what the file points at now, too. What it pointed at before counts on while it cannot be read."""
        self._files = files_of(self._path, draft, self._overlays) if draft is not None else self._files
        fresh = await self._look()
        self._known = {file: self._known.get(file, digest) for file, digest in fresh.items()}

    async def _settled(self, seen: Digests) -> Digests:
        for _ in range(_LOOKS):
            before = seen
            await asyncio.sleep(self._settle)
            if (seen := await self._look()) == before:
                break
        return seen

    async def _look(self) -> Digests:
        return await asyncio.to_thread(self._watch.look, self._files)


class Reloader:
    """Keeps what serves on the newest configuration that is right.

    Args:
        path: the configuration file.
        take: puts one to use.
        lifecycle: where it is told how that went.
        change: when to look.
        overlays: the files that are laid over it.
        read: reads them; by default in a process of its own.
    """

    def __init__(
        self,
        path: Path,
        take: Take,
        lifecycle: Lifecycle,
        change: Change,
        overlays: Sequence[Path] = (),
        *,
        read: Read = examine_apart,
    ) -> None:
        self._path = path
        self._read_file = read
        self._overlays = tuple(overlays)
        self._take = take
        self._life = lifecycle
        self._change = change

    async def run(self) -> None:
        """Take up every change, until it is cancelled. SIGHUP asks for it."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._change.ask)
        await self.follow()

    async def follow(self) -> None:
        """Take up every change, until it is cancelled; whose signals come here is somebody else's business."""
        while True:
            asked = await self._change.next()
            await self.take_up(asked=asked)

    async def take_up(self, *, asked: bool = False) -> None:
        """Serve what the files say now, or leave everything as it is and say why.

        Args:
            asked: say it also when it has been said before.
        """
        began = time.time()
        try:
            loaded = await self._read()
            await self._take(loaded)
        except ConfigError as error:
            self._refused(error, asked=asked)
        except Exception as error:  # whatever it was: what serves goes on serving
            log.exception("a bug: the configuration cannot be taken up", file=str(self._path))
            self._refused(ConfigError(f"{self._path}: {type(error).__name__}"), asked=False)
        else:
            self._life.reloads[True] += 1
            self._life.reload_refused = ""
            self._life.configured_at = began
            log.info("configuration taken up", file=str(self._path), seconds=round(time.time() - began, 3))
            if asked and (names := variables_of(loaded.draft)):
                log.info("values behind env: are those of the start, another one takes a restart", names=names)

    async def _read(self) -> Loaded:
        examined = await asyncio.to_thread(self._read_file, self._path, self._overlays)
        await self._change.reads(examined.draft)
        return examined.sound()

    def _refused(self, error: ConfigError, *, asked: bool) -> None:
        told, self._life.reload_refused = self._life.reload_refused, describe(error)
        self._life.reloads[False] += 1
        if asked or told != self._life.reload_refused:
            tell(error, self._path)


def describe(error: ConfigError) -> str:
    """Return everything that is wrong, one line each: FILE:LINE:COLUMN, what, and its code."""
    if not isinstance(error, ConfigInvalid):
        return str(error)
    found = errors(error.problems)
    return "\n".join(f"{error.source.place(one.mark)}: {_said(one)} [{one.code}]" for one in found)


def _said(problem: Problem) -> str:
    return problem.message + _OF_THE_START if problem.code == "C507" else problem.message


def tell(error: ConfigError, path: Path) -> None:
    """Write into the log why a configuration is not taken up: one line for each mistake."""
    for line in describe(error).split("\n"):
        log.error("configuration refused, the one before serves on", file=str(path), why=line)
