"""Small files for tests: the sound one with changes."""

from __future__ import annotations

from pathlib import Path

from tests.support.surroundings import ENVIRONMENT, NOW
from tests.unit.config.corpus import FOLDER

from ostiary.config.load import examine
from ostiary.config.loaded import Examined

SOUND = (FOLDER / "sound.yaml").read_text()


def changed(*changes: tuple[str, str]) -> str:
    """The sound file with replacements; each must find its place."""
    text = SOUND
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def judge(folder: Path, text: str, *, now: float = NOW) -> Examined:
    file = folder / "changed.yaml"
    file.write_text(text)
    return examine(file, now=now, environ=ENVIRONMENT)


def codes(examined: Examined) -> list[str]:
    return [problem.code for problem in examined.problems]
