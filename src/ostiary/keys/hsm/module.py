"""A PKCS#11 library, and the one thread that calls it.

Few vendors' libraries keep the promise that several threads may call them, and most lose their sessions when a
process forks. So each is loaded after that, once in a process, and called from a thread of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeVar

from ostiary.errors import ConfigError
from ostiary.sealed.errors import Unavailable

T = TypeVar("T")


class Module:
    """One library. The same for all who name it, since a library is loaded once in a process.

    Args:
        path: the shared object.
    """

    _all: ClassVar[dict[str, Module]] = {}

    def __init__(self, path: str) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pkcs11")
        self._library: Any = None

    @classmethod
    def at(cls, path: str) -> Module:
        """Return the module of a path."""
        return cls._all.setdefault(path, cls(path))

    async def call(self, function: Callable[..., T], *arguments: Any, patience: float) -> T:
        """Call a function in the thread.

        Args:
            function: what is called.
            arguments: with what.
            patience: seconds to wait for it; a library that hangs holds up the others who wait for it, too.

        Raises:
            Unavailable: it took too long.
        """
        try:
            async with asyncio.timeout(patience):
                return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)
        except TimeoutError:
            problem = Unavailable(f"the HSM did not answer within {patience:g} s")
        raise problem

    def library(self) -> Any:
        """Return the library, loaded. In the thread only.

        Raises:
            ConfigError: it cannot be loaded.
        """
        if self._library is None:
            import pkcs11  # noqa: PLC0415 - an extra

            try:
                self._library = pkcs11.lib(self.path)
            except (pkcs11.PKCS11Error, RuntimeError) as error:
                raise ConfigError(f"{self.path}: not a PKCS#11 library that can be used: {error}") from None
        return self._library

    def begin_anew(self) -> None:
        """Have the library forget everything and look for its tokens again. In the thread only; all sessions end."""
        self.library().reinitialize()


def check_installed() -> None:
    """Make sure that PKCS#11 can be spoken.

    Raises:
        ConfigError: the extra is not installed.
    """
    try:
        import pkcs11  # noqa: F401, PLC0415 - whether it is there
    except ImportError:
        raise ConfigError("keys of type pkcs11 need an extra: pip install 'ostiary[hsm]'") from None
