"""What a refused value was probably meant to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from ostiary.config.nearest import nearest

_TIME: Final = {"sec": "s", "second": "s", "min": "m", "minute": "m", "hr": "h", "hour": "h", "day": "d", "msec": "ms"}
_OCTETS: Final = {"b": "B", "k": "KiB", "kb": "KB", "kib": "KiB", "m": "MiB", "mb": "MB", "mib": "MiB", "g": "GiB"}
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_COUNTED: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)")


def suggested(code: str, text: str) -> str | None:
    """Return what a text that was refused with that code was probably meant to be, or None."""
    guess = _GUESSES.get(code)
    meant = guess(text) if guess and "\n" not in text else None
    return meant if meant != text else None


def _counted(text: str, units: Mapping[str, str], default: str) -> str | None:
    """Return a number with the unit that it lacks, or that is spelt in another way."""
    match = _COUNTED.fullmatch(text)
    if match is None:
        return None
    unit = match[2].lower()
    known = default if not unit else units.get(unit) or units.get(unit.removesuffix("s"))
    known = known or (unit if unit in units.values() else None)
    return f"{match[1]}{known}" if known else None


def _duration(text: str) -> str | None:
    return _counted(text, _TIME, "s")


def _size(text: str) -> str | None:
    return _counted(text, _OCTETS, "B")


def _file(text: str) -> str:
    return "file:" + text.removeprefix("file:").removeprefix("//")


def _address(text: str) -> str | None:
    host, _, port = text.rpartition(":")
    known = {"": "0.0.0.0", "*": "0.0.0.0", "localhost": "127.0.0.1"}  # noqa: S104 - what those spellings mean
    if text.isdecimal():
        return f"127.0.0.1:{text}"
    return f"{known[host]}:{port}" if host in known and port.isdecimal() else None


def _url(text: str) -> str | None:
    if "://" in text:
        scheme, _, rest = text.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}" if scheme in ("http", "https") and "/" in rest else None
    return f"http://{text}" if re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", text) else None


def _host(text: str) -> str | None:
    bare = text.partition("://")[2] if "://" in text else text
    return bare.partition("/")[0].partition(":")[0] or None


def _path(text: str) -> str | None:
    return None if text.startswith("/") or "://" in text or not text else f"/{text}"


_GUESSES: Final[dict[str, Callable[[str], str | None]]] = {
    "C121": _duration,
    "C122": _size,
    "C124": _file,
    "C125": _address,
    "C126": _url,
    "C127": _host,
    "C128": _path,
    "C130": lambda text: nearest(text, _METHODS),
    "C140": lambda text: text.rstrip("/") or None,
    "C142": lambda text: nearest(text, ("preserve", "endpoint")),
    "C318": lambda text: "https://" + text.partition("://")[2],
}
