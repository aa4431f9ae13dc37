"""Is there a manual page for every command, and is it what the command says of itself?"""

from __future__ import annotations

import runpy
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from ostiary.cli.table import installed

ROOT = Path(__file__).resolve().parents[3]
SHARE = ROOT / "share"
MANUAL = sorted((SHARE / "man" / "man1").glob("*.1"))


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    made: dict[str, str] = runpy.run_path(str(ROOT / "tools" / "manual.py"))["pages"]()
    return made


def test_every_command_has_a_page_and_no_other_has() -> None:
    assert {page.stem for page in MANUAL} == {"ostiary", *(f"ostiary-{name}" for name in installed())}


def test_all_of_it_is_in_step_with_the_command_line(pages: dict[str, str]) -> None:
    kept = {str(file.relative_to(SHARE)): file.read_text() for file in SHARE.rglob("*") if file.is_file()}
    assert kept.keys() == pages.keys()
    assert [name for name, text in pages.items() if kept[name] != text] == [], "`make generate` writes them"


def test_a_page_names_every_option_with_its_help(pages: dict[str, str]) -> None:
    page = pages["man/man1/ostiary-vault.1"].replace("\\-", "-")
    assert ".SS ostiary vault put" in page
    assert "\\fB--secret-stdin\\fR\nRead the secret from standard input." in page
    assert "\\fB--overlay\\fR \\fIFILE\\fR" in page


@pytest.mark.parametrize("page", MANUAL, ids=lambda page: page.stem)
def test_a_page_is_plain_roff(page: Path) -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    said = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", str(page)], capture_output=True, check=False)
    assert (said.returncode, said.stderr) == (0, b"")


def test_whatever_begins_a_line_is_text_and_no_order() -> None:
    text = runpy.run_path(str(ROOT / "tools" / "manual.py"))["_text"]
    assert [text(one) for one in (".x", "'x", "a\\b", "a-b")] == ["\\&.x", "\\&'x", "a\\eb", "a\\-b"]


def test_it_is_part_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"] == {"share": "share"}
