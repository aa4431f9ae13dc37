"""Nobody: the connection of an exchange that has none, or none any more."""

from __future__ import annotations

from typing import Final

from ostiary.model import Headers


class _NoLine:
    full = False

    def speak(self, exchange: object, octets: int) -> None: ...
    def send(self, outgoing: object, stream: int) -> bool:  # noqa: ARG002 - nobody's
        return False

    def headed(self, stream: int) -> None: ...
    def widen(self, stream: int, octets: int) -> None: ...
    def leave(self, stream: int, waiting: int, code: object) -> None: ...
    def trailers(self, trailers: Headers) -> list[tuple[bytes, bytes]]:  # noqa: ARG002 - nobody's
        return []

    def time(self) -> float:
        return 0.0


NO_LINE: Final = _NoLine()
