"""What does an injector write, and does another one of the route write the same?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ostiary.config import query
from ostiary.config.certificates import CertificateHeaderSpec
from ostiary.config.identity import CustomSpec
from ostiary.config.injectors import CookieSpec, QuerySpec
from ostiary.errors import ConfigError
from ostiary.inject import cookie
from ostiary.model import Injector, fold
from ostiary.pki.dialect import DIALECTS


def refuse_twice(specs: Sequence[Any]) -> None:
    """Refuse injectors of a route that write the same.

    Raises:
        ConfigError: two of them do.
    """
    seen: set[tuple[str, bytes]] = set()
    for spec in specs:
        written = _written(spec)
        if written in seen:
            raise ConfigError(f"two injectors of a route write the {written[0]} {written[1].decode()}")
        seen.add(written)


def refuse_shared(injectors: Sequence[Injector]) -> None:
    """Refuse injectors of a route that own the same header, however they came by it.

    Raises:
        ConfigError: two of them do.
    """
    seen: set[bytes] = set()
    for one in injectors:
        if shared := sorted(seen & one.owns):
            raise ConfigError(f"two injectors of a route write the header {shared[0].decode()}")
        seen |= one.owns


def _written(spec: Any) -> tuple[str, bytes]:
    match spec:
        case QuerySpec():
            return "parameter", query.alike(spec.name.encode())
        case CookieSpec():
            return "cookie", cookie.alike(spec.name.encode())
        case CustomSpec():
            return "headers of the plug-in", spec.name.encode()
        case CertificateHeaderSpec():
            return "header", fold((spec.header or DIALECTS[spec.dialect].header).encode())
    name = str(getattr(spec, "header", None) or getattr(spec, "name", "Authorization"))
    return "header", fold(name.encode())
