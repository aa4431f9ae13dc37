"""What an answer of Secret Manager means: pure functions.

200                        the octets in base64, their CRC32C, and the version in the name
404                        there is none
403, 401                   we may not have it
400 FAILED_PRECONDITION    the version is disabled or destroyed
429                        too many questions
anything else              not now
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from ostiary.vault.errors import AccessDenied, Destroyed, Misconfigured, NotFound, SecretError, Unavailable
from ostiary.vault.fields import Format, fields_of
from ostiary.vault.record import SecretRecord
from ostiary.vault.web import Answer

_REFUSALS: Final[Mapping[str, type[SecretError]]] = {
    "NOT_FOUND": NotFound,
    "PERMISSION_DENIED": AccessDenied,
    "UNAUTHENTICATED": AccessDenied,
    "FAILED_PRECONDITION": Destroyed,
    "INVALID_ARGUMENT": Misconfigured,
}


def record(answer: Answer, form: Format, asked: float) -> SecretRecord:
    """Return the record in an answer.

    Raises:
        SecretError: there is none.
    """
    said = answer.json()
    if not isinstance(said, Mapping):
        raise answer.not_now()
    if answer.status != 200:  # noqa: PLR2004 - RFC 9110, section 15.3.1
        raise _refusal(answer, said)
    name, payload = said.get("name"), said.get("payload")
    if not isinstance(name, str) or not isinstance(payload, Mapping):
        raise Unavailable("the answer is not that of a secret")
    return SecretRecord(fields_of(_octets(payload), form), name.rpartition("/")[2], asked)


def _octets(payload: Mapping[str, Any]) -> bytes:
    try:
        octets = base64.b64decode(payload.get("data", ""), validate=True)
        expected = payload.get("dataCrc32c")
        if expected is None or int(expected) == crc32c(octets):
            return octets
    except (binascii.Error, TypeError, ValueError):
        pass
    raise Unavailable("the secret was damaged on its way")


def _refusal(answer: Answer, said: Mapping[str, Any]) -> SecretError:
    error = said.get("error")
    status = error.get("status") if isinstance(error, Mapping) else None
    kind = _REFUSALS.get(status) if isinstance(status, str) else None
    return answer.not_now() if kind is None else kind(f"the vault answered {answer.status} {status}")


def _table() -> tuple[int, ...]:
    found = []
    for one in range(256):
        value = one
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        found.append(value)
    return tuple(found)


_TABLE: Final = _table()


def crc32c(octets: bytes) -> int:
    """Return the checksum of RFC 3720, section 12.1 (Castagnoli)."""
    value = 0xFFFFFFFF
    for one in octets:
        value = (value >> 8) ^ _TABLE[(value ^ one) & 0xFF]
    return value ^ 0xFFFFFFFF
