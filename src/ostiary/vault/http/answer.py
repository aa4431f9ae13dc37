"""What an answer of a custom service means: pure functions.

2xx, JSON with a secret         a record
a status of `not_found`         there is none
a status of `denied`            we may not have it
429                             too many questions
anything else, or no such JSON  not now: it says nothing about the record
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, Final

from ostiary.config.vaults import HttpVaultSpec
from ostiary.config.vaults.http import JsonPath
from ostiary.model import Secret
from ostiary.vault.errors import AccessDenied, NotFound, Unavailable
from ostiary.vault.fields import marked
from ostiary.vault.record import SecretRecord
from ostiary.vault.web import Answer

_DIGITS: Final = 10  # of a lifetime that is told as text
_LONGEST: Final = 366 * 86400.0  # seconds; what is to last longer is asked for again by then


def record(answer: Answer, spec: HttpVaultSpec, asked: float) -> SecretRecord:
    """Return the record in an answer.

    Args:
        answer: the answer.
        spec: where it has what.
        asked: when the question was sent, seconds on the monotonic clock.

    Raises:
        SecretError: there is none.
    """
    if answer.status in spec.not_found:
        raise NotFound(f"the vault answered {answer.status}")
    if answer.status in spec.denied:
        raise AccessDenied(f"the vault answered {answer.status}")
    if not 200 <= answer.status <= 299:  # noqa: PLR2004 - RFC 9110, section 15.3
        raise answer.not_now()
    document = answer.json()
    if document is None:
        raise Unavailable("the answer of the vault is not JSON")
    fields = _fields(document, spec)
    version = _text(document, spec.result.version) or marked(fields)
    return SecretRecord(fields, version, asked, _end(document, spec.result.expires_in, asked))


def _fields(document: Any, spec: HttpVaultSpec) -> Mapping[str, Secret]:
    places = (("secret", spec.result.secret), ("id", spec.result.id))
    found = {name: _text(document, place) for name, place in places if place is not None}
    if any(value is None for value in found.values()):
        lacks = ", ".join(name for name, value in found.items() if value is None)
        raise Unavailable(f"the answer of the vault has no text where `result` says: {lacks}")
    return {name: Secret(value) for name, value in found.items() if value is not None}


def _text(document: Any, place: JsonPath | None) -> str | None:
    value = None if place is None else place.find(document)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _end(document: Any, place: JsonPath | None, asked: float) -> float | None:
    """Return when the credential dies, seconds on the monotonic clock; None when the answer does not say."""
    value = None if place is None else place.find(document)
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0 or value == inf:  # nor NaN
        raise Unavailable("the answer of the vault has no lifetime where `result` says")
    return asked + float(min(value, _LONGEST))  # in this order: an integer may be larger than any float
