"""A text fit to be shown: every literal secret in it is stars.

What counts as one: whatever stands where a reference to a secret or to a private key belongs and is
not a reference, whatever stands under a key that the language does not know (it may be a misspelt
`password`), a URL with a password in it, and a constant in a header that carries credentials.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, TypeAlias

from ostiary.config.messages.faults import block_of, guess, shape_of_field
from ostiary.config.problem import Path, Problem, Source
from ostiary.config.reading.tree import Tree
from ostiary.config.shape import Shape, is_secret, look, places

Span: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
"""Line and column of a value, and those behind its last character."""

STARS: Final = "******"
_REFERENCE: Final = re.compile(r"(env|file):\S+")
_FILE: Final = re.compile(r"[\w./~-]+\.(key|pem|p8|p12|pfx|crt|cer)")
_SECRET_WORD: Final = re.compile(r"(?i)pass|pw|secret|token|master|role|private|cred|key")
_SECRET_KEY: Final = re.compile(
    r"(?i)([\w.-]*(?:pass|pw|secret|token|master|role|private|cred|key)[\w.-]*[\"']?\s*:\s*)(\S.*)"
)
_USER: Final = re.compile(r"://[^/\s\"']*@")
_PEM: Final = re.compile(r"-----BEGIN")
_CARRIERS: Final = re.compile(r"(?i)(proxy-)?authorization|cookie|.*(key|token|secret).*")


def hidden(tree: Tree) -> frozenset[Path]:
    """Return the paths whose value must not be shown."""
    return frozenset(_secrets(tree))


def reticent(problem: Problem, tree: Tree, secret: frozenset[Path]) -> Problem:
    """Return a problem that repeats nothing of a value that must not be shown, nor what could be meant by it.

    Args:
        problem: a mistake.
        tree: the document.
        secret: what `hidden` says of it.
    """
    text = tree.texts.get(problem.path, "") if problem.path in secret else ""
    if not text:
        return problem
    facts = tuple((label, said) for label, said in problem.facts if text not in said)
    return replace(problem, message=problem.message.replace(text, STARS), suggestion=None, facts=facts)


def _secrets(tree: Tree) -> Iterator[Path]:
    known = dict(places(tree.data))
    for path, text in tree.texts.items():
        unknown = path not in known and not _misspelt(path, tree)
        telling = _USER.search(text) or _PEM.search(text) or "\n" in text
        if unknown or telling or _guarded(path, known.get(path), text) or _carries(tree.data, path, text):
            yield path


def _misspelt(path: Path, tree: Tree) -> bool:
    """Whether an unknown key is plainly the misspelt name of a harmless one."""
    if path and path[-1] == "type":
        return True
    meant = guess(path, tree) if path and not _SECRET_WORD.search(str(path[-1])) else None
    return meant is not None and not is_secret(shape_of_field(block_of(path[:-1], tree), meant))


def _guarded(path: Path, shape: Shape, text: str) -> bool:
    """Whether a literal stands where a reference to a secret belongs."""
    private = path[-1] == "private_key" and not _FILE.fullmatch(text) if path else False
    return (is_secret(shape) or private) and not _REFERENCE.fullmatch(text)


def _carries(data: Any, path: Path, text: str) -> bool:
    """Whether a text is the constant of a header or parameter that usually holds a credential."""
    if not path or path[-1] != "value" or "{" in text:
        return False
    name = look(data, (*path[:-1], "name"))
    return isinstance(name, str) and _CARRIERS.fullmatch(name) is not None


def starred(name: str, text: str, spans: Iterable[Span]) -> Source:
    """Return the text of a document with the values at those places as stars."""
    lines = text.split("\n")
    for start, end in sorted(spans, reverse=True):
        _cover(lines, start, end)
    return Source(name, tuple(lines))


def _cover(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> None:
    """Put stars over one value, on every line that it takes."""
    (first, column), (last, behind) = start, end
    last = min(last, len(lines))
    for number in range(first, last + 1):
        line = lines[number - 1]
        left = line[: column - 1] if number == first else line[: len(line) - len(line.lstrip())]
        right = line[behind - 1 :] if number == last else ""
        covered = line[len(left) : len(line) - len(right)]
        lines[number - 1] = left + (STARS if covered.strip() else covered) + right


def starred_blindly(name: str, text: str) -> Source:
    """Return a text that is not YAML, with stars over everything that might be a secret."""
    lines = (_SECRET_KEY.sub(_unless_reference, _USER.sub(f"://{STARS}@", line)) for line in text.split("\n"))
    return Source(name, tuple(STARS if _PEM.search(line) else line for line in lines))


def _unless_reference(match: re.Match[str]) -> str:
    return match[0] if re.fullmatch(r"[\"']?(env|file):[^\s,}]+[\"']?[\s,}\]]*", match[2]) else f"{match[1]}{STARS}"
