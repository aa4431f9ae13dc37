"""Lines that name the line before them: each has a number, and the digest of its predecessor.

Whoever changes, removes or moves a line breaks the chain there. Whoever can write the whole file can also
make a new chain, and what is cut off at the end leaves none: keep the last digest, or the lines themselves,
where the gateway's user cannot write.

A process that died in the middle of a line leaves it torn. The next one closes it, and says so in a line
(`audit-resumed`) that names the torn one; nothing but such a line may follow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

SEQUENCE: Final = "audit.sequence"
PREVIOUS: Final = "audit.previous"
ACTION: Final = "event.action"
RESUMED: Final = "audit-resumed"
BEGIN: Final = "sha256:" + "0" * 64
"""What the first line of all names as its predecessor."""


@dataclass(frozen=True, slots=True)
class Link:
    """The end of a chain: what the next line has to name.

    Attributes:
        sequence: the number of the last line; 0 when there is none.
        digest: its digest.
    """

    sequence: int = 0
    digest: str = BEGIN


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a chain is broken.

    Attributes:
        line: the number of the line in what was read, from 1.
        what: what is wrong with it.
    """

    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a chain.

    Attributes:
        first: what its first line names; `BEGIN` unless an older file comes before.
        last: its end.
        lines: how many there are.
        faults: where it is broken.
    """

    first: str
    last: Link
    lines: int
    faults: tuple[Fault, ...]


def digest_of(line: bytes) -> str:
    """Return the digest of a line, without its end."""
    return "sha256:" + hashlib.sha256(line).hexdigest()


def sealed(event: dict[str, Any], after: Link) -> tuple[bytes, Link]:
    """Return an event as the next line of a chain, and the chain's new end."""
    whole = {**event, SEQUENCE: after.sequence + 1, PREVIOUS: after.digest}
    line = json.dumps(whole, separators=(",", ":")).encode()
    return line + b"\n", Link(after.sequence + 1, digest_of(line))


def verify(lines: Iterable[bytes]) -> Verdict:
    """Return what is to be said of lines, which come without their ends."""
    first, last, faults = "", Link(), []
    number, torn = 0, False
    for number, line in enumerate(lines, 1):
        told = _read(line)
        if told is None:
            if torn:
                faults.append(Fault(number, "this is no line of an audit log"))
            torn, last = True, Link(last.sequence, digest_of(line))
            continue
        first = first or str(told[PREVIOUS])
        faults += [Fault(number, what) for what in _faults(told, last, first=number == 1, torn=torn)]
        torn, last = False, Link(told[SEQUENCE], digest_of(line))
    if torn:
        faults.append(Fault(number, "the last line is torn"))
    return Verdict(first or BEGIN, last, number, tuple(faults))


def _faults(told: dict[str, Any], last: Link, *, first: bool, torn: bool) -> Iterator[str]:
    if torn and told[ACTION] != RESUMED:
        yield "the line before this one is torn, or no line of an audit log"
    if first:
        return  # what an older file ends with is not known here
    if told[SEQUENCE] != last.sequence + 1:
        yield f"number {told[SEQUENCE]} after {last.sequence}: lines are missing, or not in order"
    elif told[PREVIOUS] != last.digest:
        yield "the line before this one is not the one that was written"


def _read(line: bytes) -> dict[str, Any] | None:
    """Return a line as data, or None when it is no line of an audit log."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    right = isinstance(told, dict) and type(told.get(SEQUENCE)) is int and isinstance(told.get(PREVIOUS), str)
    return told if right and isinstance(told.get(ACTION), str) else None
