"""W3C Trace Context, level 1: one id for a request on its way through many services.

A caller's trace goes on, with us as the parent of what follows; where there is none, or none that can be read,
one begins here. What a caller writes here is told on and logged, and nothing is ever decided by it.
"""

from __future__ import annotations

import re
from random import Random
from typing import Final

from ostiary.model import Headers, Trace

PARENT: Final = b"traceparent"
STATE: Final = b"tracestate"

_HEX: Final = b"0123456789abcdef"
_ZEROS: Final = "0" * 32
_LENGTH: Final = 55
_ODD: Final = frozenset("13579bdf")
_STATE: Final = re.compile(rb"[\x20-\x7e]{1,512}")
_MEMBERS: Final = 32
_ALL: Final = 100


class Traces:
    """Continues the traces of callers, and begins new ones.

    Args:
        sample: percent of the traces begun here that are marked to be recorded.
        chance: random numbers; they tell traces apart, and protect nothing.
    """

    def __init__(self, sample: int = _ALL, chance: Random | None = None) -> None:
        self._sample = sample
        self._chance = chance or Random()  # noqa: S311 - see above
        self._bits = self._chance.getrandbits

    def begin(self, headers: Headers) -> Trace:
        """Return the trace of a request."""
        digits = f"{self._bits(192):048x}"
        given, states = _told(headers)
        told = parse(given[0]) if len(given) == 1 else None
        if told is None:
            sampled = self._sample >= _ALL or self._chance.random() * _ALL < self._sample
            return Trace(digits[16:], "", digits[:16], sampled, b"")
        return Trace(told[0], told[1], digits[:16], told[2], state_of(states) if states else b"")


def _told(headers: Headers) -> tuple[list[bytes], list[bytes]]:
    """Return the values of `traceparent`, of which there should be one, and of `tracestate`."""
    parents: list[bytes] = []
    states: list[bytes] = []
    for _, name, value in headers.fields:
        if name == PARENT:
            parents.append(value)
        elif name == STATE:
            states.append(value)
    return parents, states


def parse(value: bytes) -> tuple[str, str, bool] | None:
    """Return trace, parent and whether it is recorded (section 3.2), or None when that cannot be read.

    A version that we do not know may say more, after what we know (section 3.2.1).
    """
    known, more = value[:_LENGTH], value[_LENGTH:]
    if len(known) < _LENGTH or known.translate(None, _HEX) != b"---" or known[2::33] != b"--" or known[52:53] != b"-":
        return None
    if known[:2] == b"ff" or (more and (known[:2] == b"00" or more[:1] != b"-")):
        return None
    text = known.decode()
    trace, parent = text[3:35], text[36:52]
    if trace == _ZEROS or parent == _ZEROS[:16]:
        return None
    return trace, parent, text[54] in _ODD


def state_of(values: list[bytes]) -> bytes:
    """Return what vendors have noted down (section 3.3), or nothing when it is too much, or not text."""
    state = b",".join(values)
    return state if _STATE.fullmatch(state) and state.count(b",") < _MEMBERS else b""


def written(trace: Trace) -> bytes:
    """Return what the next service is told."""
    return b"00-%b-%b-%b" % (trace.id.encode(), trace.span.encode(), b"01" if trace.sampled else b"00")
