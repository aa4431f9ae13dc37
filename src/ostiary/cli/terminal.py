"""Colour and line drawing: only where they can be read, and never the only bearer of a meaning."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TextIO


def colourful(stream: TextIO, arguments: Sequence[str] = ()) -> bool:
    """Whether to colour: on a terminal, unless NO_COLOR is set (no-color.org) or `--no-color` was written."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or "--no-color" in arguments:
        return False
    return stream.isatty()


def unicode(stream: TextIO) -> bool:
    """Whether the stream can write more than ASCII."""
    return "utf" in (getattr(stream, "encoding", None) or "").lower()


def width() -> int:
    """Return how many columns the terminal has, or what COLUMNS says; 0 where there is none."""
    return shutil.get_terminal_size((0, 0)).columns


def show(text: str, stream: TextIO | None = None) -> None:
    """Print a text; what the stream cannot write becomes a question mark."""
    target = stream or sys.stdout
    print(writable(text, target), file=target)


def writable(text: str, stream: TextIO) -> str:
    """Return a text with a question mark for each letter that the stream cannot write."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def harmless(text: str) -> str:
    """Return a text that moves no cursor and fits on its lines, whatever a file is called that it tells of."""
    return "".join(letter if letter.isprintable() or letter == "\n" else repr(letter)[1:-1] for letter in text)
