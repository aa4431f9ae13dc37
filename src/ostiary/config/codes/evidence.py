"""C347 and C348: what callers are to show, or to speak, and cannot."""

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
    Code(
        "C348",
        "cipher suites of nothing",
        "`ciphers` chooses among the suites of TLS 1.2. With `minimum_version` 1.3 there is no TLS 1.2, and the suites "
        "of TLS 1.3 are all good.",
        'tls: {minimum_version: "1.3", ciphers: [ECDHE-RSA-AES256-GCM-SHA384], ...}',
        'tls: {minimum_version: "1.3", ...}',
    ),
)
