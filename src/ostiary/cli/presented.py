"""A token, as commands are given it: in a file or on standard input, and never among the arguments."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from ostiary.cli.frame import Exit, fail, say

LARGEST: Final = 1 << 20
"""Octets of a token that are read, and no more."""

_TOKEN: Final = re.compile(r"eyJ[\w-]+\.[\w.-]*")
"""How a JWS or a JWE begins in its compact form (RFC 7515, section 7.1): `{"` in base64url."""


def read_token(path: Path) -> bytes:
    """Return the token of a file, or of standard input (`-`), without the word Bearer.

    Raises:
        Failure: it is a token, where the name of a file is wanted. It is not repeated.
        OSError: the file cannot be read.
    """
    if _TOKEN.fullmatch(str(path)):
        hint = "give it in a file, or on standard input with -; arguments can be seen by others on this machine"
        fail("token.in-arguments", "this is a token, and not the name of a file", hint=hint, exit_code=Exit.USAGE)
    text = _octets(path).strip()
    return text[7:] if text[:7].lower() == b"bearer " else text


def _octets(path: Path) -> bytes:
    if str(path) != "-":
        with path.open("rb") as file:
            return file.read(LARGEST)
    if sys.stdin.isatty():
        say("paste the token, then Ctrl-D")
    return sys.stdin.buffer.read(LARGEST)
