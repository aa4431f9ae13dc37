"""What `ostiary doctor` finds wrong with Redis: can it be asked as the gateway would, and can it be believed?

A server that is logged in to with a vault's credential is left to `ostiary serve`, which says what it says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from ostiary.config.loaded import Loaded
from ostiary.errors import ConfigError, SharedUnavailable
from ostiary.pki.diagnosis.finding import Finding
from ostiary.shared.compile import Shared, compile_shared


def asked(loaded: Loaded) -> Iterator[Finding]:
    """Connect to Redis as a gateway would. This uses the network.

    Args:
        loaded: the configuration.
    """
    spec = loaded.spec.shared
    if spec is None or spec.redis.logins or spec.key_credential is not None:
        return
    try:
        shared = compile_shared(spec, {}, loaded.folder)
        asyncio.run(asyncio.wait_for(_once(shared), shared.link.handshake * shared.link.timeout))
    except (ConfigError, SharedUnavailable, TimeoutError) as error:
        detail = str(error) or "no answer in time"
        yield Finding("D613", "shared > redis", "docs/shared-state.md says what the server has to be like", detail)


async def _once(shared: Shared) -> None:
    try:
        await (await shared.link.connect()).aclose()
    finally:
        await shared.aclose()
