"""Does the map of a room, in its docstring, show each of its files, and none that is not there?"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "ostiary"
FILE = re.compile(r"(?<![\w/.])([a-z_0-9]+)\.py\b")
FOLDER = re.compile(r"(?<![\w/.])([a-z]\w*)/(?=[\s,:]|$)", re.MULTILINE)


def map_of(room: Path) -> tuple[set[str], set[str]]:
    """What a room's docstring names, and what there is."""
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or ""
    files = {path.stem for path in room.glob("*.py")} - {"__init__"}
    folders = {path.parent.name for path in room.glob("*/__init__.py")}
    return {*FILE.findall(text), *FOLDER.findall(text)}, files | folders


MAPPED = [
    room
    for room in sorted(path.parent for path in SOURCE.rglob("__init__.py"))
    if FILE.search(ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or "")
]
OPEN = {"cli", "config", "config/vaults", "recipes"}
"""Rooms with a file for each command, block, kind or proxy: they are not named one by one."""


def test_most_rooms_have_one():
    assert len(MAPPED) > 30


@pytest.mark.parametrize("room", MAPPED, ids=lambda room: str(room.relative_to(SOURCE)))
def test_it_is_in_step_with_the_folder(room):
    named, there = map_of(room)
    assert named - there == set(), "the docstring of the room names what is not there"
    assert str(room.relative_to(SOURCE)) in OPEN or there - named == set(), "give it a line in the room's docstring"
