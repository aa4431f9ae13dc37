"""What a permit changes of a request's head, as a proxy has to change it that has the head as the caller wrote it.

What the gateway would have sent upstream is compared with what came, field by field: what it has written is written
over whatever is there, what it has dropped is removed under the very name that the caller gave it, in whatever
spelling, and what passes is not touched. So the upstream sees what it would be sent natively.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ostiary.edge.decide.grpc.check import CONNECTION
from ostiary.model import Headers, fold


class Change(NamedTuple):
    """One field that is written.

    Attributes:
        name: in lower case.
        value: its value.
        first: it takes the place of every field of that name; otherwise it comes behind them.
    """

    name: bytes
    value: bytes
    first: bool


class Changes(NamedTuple):
    """What has to be done with a head.

    Attributes:
        written: fields that the gateway has written.
        removed: names that must not go on.
    """

    written: list[Change]
    removed: list[bytes]


def changes(
    told: Iterable[tuple[bytes, bytes]], received: Headers, sent: Headers, absent: Iterable[bytes] = ()
) -> Changes:
    """Return what has to be done.

    Args:
        told: the fields that the proxy holds, by the names that it knows them by.
        received: those of the request that was judged.
        sent: what would have gone upstream. A field passes when it is one of `received` itself: one that was written
            is another, even if it says the same.
        absent: names, in lower case, that must not go on even if the proxy has not told of them.
    """
    theirs = set(map(id, received.fields))
    ours = {one[0].lower() for one in sent.fields if id(one) not in theirs}
    written: list[Change] = []
    kept: set[bytes] = set()
    for name, _, value in sent.fields:
        if name not in kept or name in ours:  # a name that passes is in lower case, and is looked at once
            lower = name.lower()
            if lower in ours and lower not in CONNECTION:
                written.append(Change(lower, value, first=lower not in kept))
            kept.add(lower)
    known = {name for name, _ in told}
    known.update(absent)
    return Changes(written, [name for name in sorted(known - kept) if _goes(name)])


def _goes(name: bytes) -> bool:
    return name[:1] != b":" and fold(name) not in CONNECTION and name != b"connection"
