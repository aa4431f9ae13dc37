"""What is written down when we are the ones who failed.

The report holds versions and the places in the code, never the texts of exceptions, the arguments or
any variable: those may be secrets, and a report is made to be passed on.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator

from ostiary import __version__


def write(command: str, error: BaseException) -> str:
    """Write a report about an error of ours into a new file that only its owner can read. Return its path."""
    handle, path = tempfile.mkstemp(prefix="ostiary-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in _lines(command, error))
    return path


def _lines(command: str, error: BaseException) -> Iterator[str]:
    yield f"ostiary {__version__}, Python {platform.python_version()}, {sys.platform}"
    yield f"command: {command}"
    seen: BaseException | None = error
    while seen is not None:
        yield ""
        yield f"{type(seen).__module__}.{type(seen).__qualname__} (its text is left out: it may hold a secret)"
        for frame in traceback.extract_tb(seen.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
            yield f"    {frame.line}"
        seen = seen.__cause__ or seen.__context__
