"""What the supervisor has read and judged, where every worker finds it.

A worker takes up exactly that: it needs no reader of its own, and one that is started anew while somebody is writing
the file, or after a mistake, serves what the others serve.
"""

from __future__ import annotations

import os
import pickle

from ostiary.config.loaded import Examined, Loaded
from ostiary.errors import ConfigError
from ostiary.workers.ledger import new_ledger, read, write


class Said:
    """What was judged last, as the supervisor has it.

    Attributes:
        descriptor: for the workers.
    """

    def __init__(self) -> None:
        self.descriptor = new_ledger()
        self._turn = 0

    def say(self, loaded: Loaded) -> None:
        """Let this be what workers take up, when they start or are told to."""
        self._turn += 1
        write(self.descriptor, pickle.dumps(loaded, pickle.HIGHEST_PROTOCOL), self._turn)

    def close(self) -> None:
        """Give it up."""
        os.close(self.descriptor)


def heard(descriptor: int) -> Examined:
    """Return what was judged last.

    Raises:
        ConfigError: nothing that is whole is there.
    """
    said = read(descriptor)
    if not said:
        raise ConfigError("what the supervisor has read cannot be had")
    loaded: Loaded = pickle.loads(said)  # noqa: S301 - our own supervisor has written it, for us alone
    return Examined(loaded.source, loaded.warnings, loaded, loaded.draft)
