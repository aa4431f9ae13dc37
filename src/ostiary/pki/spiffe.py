"""SPIFFE IDs (the SPIFFE-ID standard, section 2)."""

from __future__ import annotations

import re
from typing import Final

_ID: Final = re.compile(r"spiffe://[a-z0-9._-]{1,255}(/[A-Za-z0-9._-]+)*")
_LONGEST: Final = 2048


def is_spiffe_id(uri: str) -> bool:
    """Whether a URI is a SPIFFE ID: lower-case trust domain, plain segments, no dot segments, 2048 octets at most."""
    plain = not any(part in (".", "..") for part in uri.split("/"))
    return plain and _ID.fullmatch(uri) is not None and len(uri) <= _LONGEST
