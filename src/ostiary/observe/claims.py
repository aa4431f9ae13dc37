"""The claims of a token that the configuration wants told (`log: {claims: [...]}`); by default none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ostiary.model import Principal

_LONGEST: Final = 256
"""Characters of one claim that are told. Whoever signs the token has written it, not we."""


def told(principal: Principal, names: Sequence[str]) -> dict[str, Any]:
    """Return the claims of these names that a principal, or another one that came with it, has.

    A text, a number and a truth are told as they are; of anything else its JSON, as a text.
    """
    found = ((name, one.claims[name]) for name in names for one in _every(principal) if name in one.claims)
    return {name: _short(value) for name, value in reversed([*found])}


def _every(principal: Principal) -> Iterator[Principal]:
    yield principal
    yield from principal.others.values()


def _short(value: Any) -> Any:
    if isinstance(value, bool | int | float) or value is None:
        return value
    return (value if isinstance(value, str) else json.dumps(value))[:_LONGEST]
