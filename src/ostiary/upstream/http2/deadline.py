"""How long a call may take, as its caller says: `grpc-timeout` ("gRPC over HTTP2", Requests)."""

from __future__ import annotations

import re
from typing import Final

from ostiary.errors import BadRequest

_TIMEOUT: Final = re.compile(rb"([0-9]{1,8})([HMSmun])")
_SECONDS: Final = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_UNITS: Final = ((b"u", 1_000_000), (b"m", 1_000), (b"S", 1))
_MOST: Final = 99_999_999  # eight digits


def read_timeout(value: bytes) -> float:
    """Return the seconds that a call may take.

    Raises:
        BadRequest: that is no time-out.
    """
    found = _TIMEOUT.fullmatch(value)
    if found is None:
        raise BadRequest("grpc-timeout is no number of at most eight digits with a unit")
    return int(found[1]) * _SECONDS[found[2]]


def write_timeout(seconds: float) -> bytes:
    """Return the field's value, in the smallest unit that holds it; what is over already has 1 microsecond left."""
    for unit, per_second in _UNITS:
        count = int(seconds * per_second)
        if count <= _MOST:
            return b"%d%b" % (max(count, 1), unit)
    return b"%dH" % min(int(seconds / _SECONDS[b"H"]), _MOST)
