"""Do the documents lead where they say?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"\bmake (?:[A-Z]+=\S+ )*([a-z][a-z-]*)\b")
MENTIONED = re.compile(r"`((?:src|docs|tests|config|tools|requirements|benchmarks|examples|certs)/[\w./-]*)`")
MADE = ("certs/dev", "benchmarks/results")


def names(documents: list[Path]) -> list[str]:
    return [str(document.relative_to(ROOT)) for document in documents]


@pytest.mark.parametrize("name", names(DOCUMENTS))
def test_every_link_leads_to_a_file(name):
    document = ROOT / name
    links = [link for link in LINK.findall(document.read_text()) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("name", names(DOCUMENTS))
def test_every_file_that_is_mentioned_is_there(name):
    mentioned = MENTIONED.findall((ROOT / name).read_text())
    assert [path for path in mentioned if not path.startswith(MADE) and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", names(DOCUMENTS))
def test_every_make_command_exists(name):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    blocks = re.findall(r"`([^`\n]+)`|^ {4}(make .*)$", (ROOT / name).read_text(), re.MULTILINE)
    asked = [target for block in blocks for target in COMMAND.findall("".join(block))]
    assert [target for target in asked if target not in targets] == []
