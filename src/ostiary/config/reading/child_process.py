"""Read a configuration in a process of its own, which ends when it has.

The reader of YAML, the validators of the language and the checks are as large as a gateway without them, and are needed
for a moment; and while they work nothing else in their process does. What serves is left with what was read.
"""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ostiary.config.loaded import Examined
from ostiary.errors import ConfigError

# -P: nothing is imported from the folder that the gateway happens to be started in
# its own group: a Ctrl-C is for who has asked, who ends with better words
_READER: Final = "import sys; from ostiary.config.reading import child_process; child_process.main(sys.argv[1:])"


class Reading:
    """A configuration that is being read.

    Args:
        path: the file.
        overlays: files that are laid over it, in order.

    Raises:
        ConfigError: the system has no process left.
    """

    def __init__(self, path: Path, overlays: Sequence[Path] = ()) -> None:
        self._path = path
        command = (sys.executable, "-P", "-c", _READER, str(path), *map(str, overlays))
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, process_group=0
            )
        except OSError as error:
            raise ConfigError(f"{path}: no process can be started to read it: {error.strerror}") from error

    def examined(self) -> Examined:
        """Return what `ostiary.config.load.examine` says of it. Blocks.

        Raises:
            ConfigError: the process has ended before it had read anything; it has said why.
        """
        try:
            told, _ = self._process.communicate()
        except BaseException:
            self._process.kill()
            raise
        if self._process.returncode != 0:
            raise ConfigError(f"{self._path}: the process that reads it ended with {self._process.returncode}")
        examined: Examined = pickle.loads(told)  # noqa: S301 - our own program has written it, for us alone
        return examined


def examine_apart(path: Path, overlays: Sequence[Path] = ()) -> Examined:
    """Return everything that is to be said of a file, as `ostiary.config.load.examine` does. Blocks.

    Raises:
        ConfigError: there is no process to be had that reads it, or it does not.
    """
    return Reading(path, overlays).examined()


def main(names: Sequence[str]) -> None:
    """Write what is to be said of files on standard output, for the process that has asked."""
    from ostiary.config.load import examine  # noqa: PLC0415 - it is large, and only this process needs it

    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # who has asked may have ended
    path, *overlays = map(Path, names)
    pickle.dump(examine(path, overlays), sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
