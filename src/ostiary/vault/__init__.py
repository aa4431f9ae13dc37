"""Which secret? Vaults, and how what comes out of them is kept fresh.

    Vault.source(alias).get()
      -> cache      fresh: from memory, without suspending
         -> provider  local, hashicorp, files, env, http, ...: one module or folder for each kind

`freshness` decides in pure functions; `cache` does what they say. A vault that cannot answer leaves
the last copy in use for a while; a vault that says no is obeyed at once.

room.py      one vault of the configuration: provider, cache, credentials; branch.py  one engine of it
source.py    from a record to a credential
record.py    what comes out of a vault, and what a provider must be able to do; fields.py  octets -> fields
cache.py     records, kept for as long as they may be used; freshness.py  how long that is
flight.py    one trip to the vault, however many wait for it; leases.py  what it has lent us
identity.py  a TLS identity that a vault makes; shown.py  the same, as the gateway shows it
compile.py   from what a file says to vaults: one compiler for each kind; needs.py  in which order
web.py       one bounded question over HTTP, for every kind that asks so; names.py  paths and versions, checked
extra.py     libraries that only some kinds need; plugin.py  what a kind of somebody else's is made with
errors.py    why there is no record

The kinds: local/ files/ env.py age.py hashicorp/ conjur/ cyberark.py aws.py azure.py gcp/ http/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ostiary.vault.compile import COMPILERS, compile_vault, compile_vaults
    from ostiary.vault.room import Vault

__all__ = ["COMPILERS", "Vault", "compile_vault", "compile_vaults"]


def __getattr__(name: str) -> Any:
    """Import every kind of vault when somebody wants one.

    A kind that another distribution brings imports `ostiary.vault.plugin`, and does so while the language
    is being made: nothing here may need the language then.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ostiary.vault import compile as compiled  # noqa: PLC0415 - see above

    return getattr(compiled, name)
