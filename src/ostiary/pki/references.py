"""Files of the configuration; secrets for OpenSSL without a file."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ostiary.config.values import FileRef
from ostiary.errors import ConfigError


def read(reference: FileRef, folder: Path) -> bytes:
    """Return what a file holds.

    Raises:
        ConfigError: it is not there, cannot be read, or is empty.
    """
    try:
        data = reference.below(folder).read_bytes()
    except OSError as error:
        raise ConfigError(f"{reference}: {error.strerror}; look at the path (seen from {folder})") from error
    if not data.strip():
        raise ConfigError(f"{reference}: the file is empty")
    return data


@contextmanager
def as_path(data: bytes) -> Iterator[str]:
    """Give data a path for as long as the block runs: Python's `ssl` reads keys and CRLs from paths only.

    On Linux the data stays in memory. Elsewhere it is a file for the owner only, in a folder for the owner only.
    """
    if sys.platform == "linux":
        handle = os.memfd_create("ostiary", os.MFD_CLOEXEC)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            yield f"/proc/self/fd/{handle}"
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "data"
            path.touch(mode=0o600)
            path.write_bytes(data)
            yield str(path)
