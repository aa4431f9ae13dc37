"""Did you mean? One guess, or none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the known word that a mistyped one most likely stands for, or None.

    Case and the choice of separator are not counted as differences; among equals, the one that shares
    the longer beginning wins.
    """
    best: tuple[float, int, str] | None = None
    for candidate in known:
        score = _likeness(word, candidate)
        if score >= cutoff and (best is None or (score, _shared(word, candidate)) > best[:2]):
            best = (score, _shared(word, candidate), candidate)
    return best[2] if best else None


def _plain(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")


def _likeness(word: str, candidate: str) -> float:
    return SequenceMatcher(None, _plain(word), _plain(candidate), autojunk=False).ratio()


def _shared(word: str, candidate: str) -> int:
    """Return how many characters both begin with."""
    count = 0
    for one, other in zip(_plain(word), _plain(candidate), strict=False):
        if one != other:
            break
        count += 1
    return count
