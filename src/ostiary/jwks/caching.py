"""What an answer says of its own age (RFC 9111).

Only what makes a key set be fetched sooner is of interest: how long a key is believed is a matter of the
configuration, and no header makes it longer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

_DIRECTIVE: Final = re.compile(r'([a-z-]+)(?:="?([^",\s]*)"?)?')
_AT_ONCE: Final = frozenset(("no-cache", "no-store"))


def lifetime(headers: Mapping[str, str]) -> float | None:
    """Return for how many seconds an answer is fresh, or None when it does not say (RFC 9111, sections 4.2 and 5.2.2).

    What cannot be read counts as not said. `Age` is what it spent in caches on the way (section 5.1).
    """
    directives = dict(_DIRECTIVE.findall(headers.get("cache-control", "").lower()))
    if not _AT_ONCE.isdisjoint(directives):
        return 0.0
    seconds = _seconds(directives.get("max-age", ""))
    if seconds is None:
        return None
    return max(0.0, seconds - (_seconds(headers.get("age", "")) or 0.0))


def sent(headers: Mapping[str, str]) -> float | None:
    """Return what the sender's clock said, epoch seconds, or None (RFC 9110, section 6.6.1)."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        return None


def _seconds(text: str) -> float | None:
    """delta-seconds (RFC 9111, section 1.2.2)."""
    return float(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else None  # noqa: PLR2004 - 2^31 has 10
