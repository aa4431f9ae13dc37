"""What is told of a version: never the key itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ostiary.cli.keys.place import Place
from ostiary.keys.algorithms import encrypts
from ostiary.keys.record import KeptKey
from ostiary.keys.version import published, signing


def told(place: Place, found: Sequence[KeptKey], now: float) -> list[dict[str, Any]]:
    """Return the facts of each version, as JSON has them."""
    versions = [one.version for one in found]
    signer = signing(versions, now, place.pin)
    public = published(versions, now, place.spec.keep, place.pin)
    return [
        {
            "version": int(one.version.id),
            "state": one.state.value,
            "role": does(one.version.alg)
            if one.version is signer
            else "published"
            if one.version in public
            else "none",
            "algorithm": one.version.alg,
            "kid": one.version.kid,
            "not_before": moment(one.version.begins),
            "not_after": None if one.version.ends is None else moment(one.version.ends),
            "certificate": one.version.certificates[0].subject.rfc4514_string() if one.version.certificates else None,
        }
        for one in found
    ]


def does(alg: str) -> str:
    """Return what the version in use does."""
    return "opens" if encrypts(alg) else "signs"


def moment(seconds: float) -> str:
    """Return a moment as RFC 3339 has it."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
