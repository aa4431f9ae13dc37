"""Under which spelling names of query parameters are compared: servers read them in more than one way."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

_UNICODE: Final = re.compile(rb"%u00([0-9A-Fa-f]{2})")  # how old Microsoft servers also read a letter
_ENDS: Final = bytes((*range(0x21), *range(0x7F, 0x100)))  # what servers may drop around a name, as white space
_ALIKE: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ. ", b"abcdefghijklmnopqrstuvwxyz__")


def alike(name: bytes) -> bytes:
    """Return the one spelling under which parameter names are compared.

    Decoded, without regard to case, and with `.` and space as `_`: upstreams that cannot tell
    these apart exist, and the caller must not find one.
    """
    plain = unquote_to_bytes(_UNICODE.sub(rb"%\1", name.replace(b"+", b" ")))
    return plain.strip(_ENDS).translate(_ALIKE)


def is_named(piece: bytes, wanted: bytes) -> bool:
    """Whether a piece of a query is a parameter, or an element of a list or map of that name.

    Args:
        piece: what stands between two `&`.
        wanted: the name, as `alike` has it.
    """
    name = alike(piece.partition(b"=")[0])
    return wanted in (name, name.replace(b"[", b"_", 1)) or name.startswith((wanted + b"[", wanted + b"\0"))
