"""Which secret? Vaults, and how what comes out of them is kept fresh.

    Vault.source(alias).get()
      -> cache      fresh: from memory, without suspending
         -> provider  local, hashicorp, files, env, http, ...: one module or folder for each kind

`freshness` decides in pure functions; `cache` does what they say. A vault that cannot answer leaves
the last copy in use for a while; a vault that says no is obeyed at once.
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
