"""Do the documents lead where they say?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
ANCHOR = re.compile(r"\[[^\]]*\]\(([^)#\s]*)#([^)\s]+)\)")
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


def anchors(document: Path) -> set[str]:
    """The anchors that forges make of a page's headings: lower case, blanks as hyphens, no other punctuation."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    bare = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in bare}


@pytest.mark.parametrize("name", names(DOCUMENTS))
def test_every_anchor_is_a_heading_there(name):
    document = ROOT / name
    asked = [(path, anchor) for path, anchor in ANCHOR.findall(document.read_text()) if "://" not in path]
    pages = {path: document.parent / path if path else document for path, _ in asked}
    assert [(path, one) for path, one in asked if pages[path].suffix == ".md" and one not in anchors(pages[path])] == []


def test_every_page_can_be_found_from_the_index():
    """In two steps at most: what the index names, and what those pages name."""
    index = ROOT / "docs/README.md"
    first = {(index.parent / link).resolve() for link in LINK.findall(index.read_text()) if "://" not in link}
    named = [page for page in first if page.suffix == ".md"]
    second = {(page.parent / link).resolve() for page in named for link in LINK.findall(page.read_text())}
    assert sorted(set((ROOT / "docs").rglob("*.md")) - first - second - {index}) == []


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
