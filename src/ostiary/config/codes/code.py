"""What a code is."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """A kind of mistake.

    Attributes:
        name: `C204`.
        title: what it is, in a few words.
        text: why it is a mistake, and what to do.
        wrong, right: an example, before and after.
    """

    name: str
    title: str
    text: str
    wrong: str
    right: str
