"""Text that may stand in somebody else's configuration. Everything else is refused, not quoted.

Each of those languages has its own quoting, and its own holes in it (CVE-2025-1974); what is needed here are names,
paths and addresses, which need none.
"""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HEADER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PATH: Final = re.compile(r"/?[A-Za-z0-9._@+-]+(?:/[A-Za-z0-9._@+-]+)*")
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}|\[[0-9A-Fa-f:.]+\]:[0-9]{1,5}")


class Unsafe(Exception):
    """Text that is not written into a configuration. Its words are for the user."""


def word(text: str) -> str:
    """Return a name of the policy."""
    return _checked(_WORD, text, "a name of letters, digits, dots, hyphens and underscores")


def header(text: str) -> str:
    """Return the name of a header."""
    return _checked(_HEADER, text, "a header name of letters, digits, dots, hyphens and underscores")


def path(text: str) -> str:
    """Return the path of a file."""
    return _checked(_PATH, text, "a path of letters, digits and . _ @ + -")


def address(text: str) -> str:
    """Return host and port."""
    return _checked(_ADDRESS, text, "host:port")


def _checked(pattern: re.Pattern[str], text: str, wanted: str) -> str:
    if not pattern.fullmatch(text):
        raise Unsafe(f"{text[:80]!r} is not written into a configuration: {wanted} is wanted")
    return text
