"""C15x and C35x: what the upstream is to be shown, and cannot be."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

INJECTORS: Final = (
    Code(
        "C150",
        "not the name of a cookie",
        "A cookie's name is a token (RFC 6265). `%` and a `$` in front mean something to some servers.",
        "- cookie: {name: my session, credential: reports}",
        "- cookie: {name: my_session, credential: reports}",
    ),
)
