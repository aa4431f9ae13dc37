"""From where, and when."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from zoneinfo import ZoneInfo

from ostiary.config.rules import DAYS, TimeSpec
from ostiary.errors import Forbidden
from ostiary.model import Principal, Request
from ostiary.reasons import Reason

_REMEMBERED: Final = 4096


class SourceRule:
    """The caller connects from one of these networks. An IPv4 address is the same however it is written.

    Args:
        networks: as the configuration has them.
    """

    __slots__ = ("_known", "_networks")

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = tuple(map(ip_network, networks))
        self._known: dict[str, bool] = {}

    def check(self, principal: Principal, request: Request) -> None:  # noqa: ARG002 - the contract of a rule
        """Return when the condition holds, or raise Forbidden."""
        address = request.peer.address
        inside = self._known.get(address)
        if inside is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            inside = self._known[address] = self._contains(address)
        if not inside:
            raise Forbidden(f"from {address[:64]}", reason=Reason.SOURCE_NOT_ALLOWED)

    def _contains(self, text: str) -> bool:
        address = _plain(text)
        return address is not None and any(address in one for one in self._networks if one.version == address.version)


def _plain(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:  # a unix socket has none
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


class TimeRule:
    """It is one of these days, between these times, where the zone's clocks hang.

    Args:
        spec: the block of the configuration.
        clock: epoch seconds.
    """

    __slots__ = ("_begin", "_clock", "_days", "_end", "_zone")

    def __init__(self, spec: TimeSpec, clock: Callable[[], float] = time.time) -> None:
        self._days = frozenset(DAYS.index(day) for day in spec.days)
        self._begin, self._end = spec.begin, spec.end
        self._zone = ZoneInfo(spec.zone)
        self._clock = clock

    def check(self, principal: Principal, request: Request) -> None:  # noqa: ARG002 - the contract of a rule
        """Return when the condition holds, or raise Forbidden."""
        now = datetime.fromtimestamp(self._clock(), self._zone)
        if not self._holds(now):
            raise Forbidden(f"at {now:%a %H:%M} {self._zone.key}", reason=Reason.TIME_NOT_ALLOWED)

    def _holds(self, now: datetime) -> bool:
        """A span over midnight belongs to the day on which it begins."""
        minute = now.hour * 60 + now.minute
        today, yesterday = now.weekday(), (now - timedelta(days=1)).weekday()
        if self._begin < self._end:
            return today in self._days and self._begin <= minute < self._end
        return (today in self._days and minute >= self._begin) or (yesterday in self._days and minute < self._end)
