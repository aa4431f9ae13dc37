"""Colour and line drawing: only where they can be read, and never the only bearer of a meaning."""

from __future__ import annotations

import os
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


def show(text: str, stream: TextIO | None = None) -> None:
    """Print a text; what the stream cannot write becomes a question mark."""
    target = stream or sys.stdout
    encoding = getattr(target, "encoding", None) or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), file=target)
