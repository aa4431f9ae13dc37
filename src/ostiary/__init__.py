"""Ostiary: an async authentication gateway for services that cannot protect themselves.

    listener -> route -> authenticate -> authorize -> inject -> forward

A caller connects over TLS and proves itself with a certificate, a token, or both. The gateway
decides who it is (a Principal) and whether it may (a Permit), swaps the caller's credentials for
the ones the upstream wants (an Outbound), and streams the exchange. `pipeline.py` is the product;
`build/` puts it together from one YAML file; everything else is a room off that hall.
"""

from __future__ import annotations

TYPE_CHECKING = False  # that of `typing` takes longer to import than a Ctrl-C to come

if TYPE_CHECKING:
    from typing import Any

    from ostiary.embed import Credentials as Credentials
    from ostiary.embed import Keys as Keys
    from ostiary.embed import UnknownCredential as UnknownCredential
    from ostiary.embed import open_keys as open_keys
    from ostiary.embed import open_vault as open_vault

__version__ = "0.1.0"
_EMBEDDED = ("Credentials", "Keys", "UnknownCredential", "open_keys", "open_vault")


def __getattr__(name: str) -> Any:
    """Import what programs embed when they ask for it: everybody else needs not wait for it."""
    if name in _EMBEDDED:
        from ostiary import embed  # noqa: PLC0415 - see above

        return getattr(embed, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
