"""Ostiary: an async authentication gateway for services that cannot protect themselves.

    listener -> route -> authenticate -> authorize -> inject -> forward

A caller connects over TLS and proves itself with a certificate, a token, or both. The gateway
decides who it is (a Principal) and whether it may (a Permit), swaps the caller's credentials for
the ones the upstream wants (an Outbound), and streams the exchange. `pipeline.py` is the product;
`build/` puts it together from one YAML file; everything else is a room off that hall.

The house, floor by floor; imports go downwards only (pyproject.toml holds them to it):

__main__.py  cli/  demo/                        the command line; a small world to try it in
asgi/  embed.py                                 inside somebody else's program
process.py  workers/  reload.py                 one process or several; a new configuration while the old one serves
build/  serve/                                  from the file to a gateway; from sockets to connections
explain/  admin/                                what would become of a request; how the gateway is
gateway.py  edge/  pipeline.py  problem.py      octets -> Request -> the five calls -> octets
listener/  routing/  authn/  authz/  inject/  upstream/      a room for each step on the way
export/  recipes/                               the same policy in other proxies' configurations
oauth/  jwks/  vault/  keys/  shared/  observe/ where keys, tokens and secrets come from; what is seen from outside
pki/  sealed/                                   certificates; the encrypted file
config/  http2/  wire.py  grpc.py               the language of the file; the protocols
model/  renewal.py  remember.py  eager.py       the words of the house; values that are renewed, memories, tasks
bounded.py                                      what somebody else sends, and no more of it than is good
errors.py  reasons.py                           the one tree of errors; the closed vocabulary of why
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
