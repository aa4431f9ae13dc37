"""C347: what callers are to show, and cannot."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

EVIDENCE: Final = (
    Code(
        "C347",
        "forms of a key that stands alone",
        "`forms` says how a key is written in Authorization: after the word Bearer, after the word Basic, or bare. "
        "In a header of its own it always stands alone.",
        "- api_key: {keys: [robot], header: X-API-Key, forms: [bearer, bare]}",
        "- api_key: {keys: [robot], header: X-API-Key}",
    ),
)
