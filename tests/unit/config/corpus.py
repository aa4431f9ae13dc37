"""The corpus of mistakes: files with one each, and what they should be told.

The first line of each file says it: `# CODE LINE:COLUMN [SUGGESTION]`, or `# CODE -` for the whole file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.surroundings import ENVIRONMENT, NOW

from ostiary.config.load import examine
from ostiary.config.loaded import Examined

FOLDER = Path(__file__).parent.parent.parent / "config"
FILES = sorted((FOLDER / "broken").glob("*.yaml"))


@dataclass(frozen=True)
class Expected:
    code: str
    line: int | None
    column: int | None
    suggestion: str | None


def expected(file: Path) -> Expected:
    words = file.read_bytes().split(b"\n", 1)[0].decode().removeprefix("# ").split(" ", 2)
    line, _, column = words[1].partition(":")
    place = (None, None) if words[1] == "-" else (int(line), int(column))
    return Expected(words[0], *place, words[2] if len(words) > 2 else None)


@cache
def judged(file: Path, furnished: Path) -> Examined:
    copy = furnished / file.name
    copy.write_bytes(file.read_bytes())
    return examine(copy, now=NOW, environ=ENVIRONMENT)
