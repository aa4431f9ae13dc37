"""Which files are mounted by themselves, and so stay as they are: `subPath` of Kubernetes, secrets of Docker.

Where a folder is mounted, the kubelet switches its link `..data`; a single file that was mounted is the file of that
moment, and a rotation is seen when the container is started anew.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")
_POINT: Final = 4
"""The field of a line that is the mount point (proc_pid_mountinfo(5))."""

_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


def points(mountinfo: str) -> list[Path]:
    """Return the mount points of a table; blanks and backslashes in them are octal escapes."""
    fields = (line.split(" ") for line in mountinfo.splitlines())
    return [Path(_ESCAPED.sub(lambda one: chr(int(one[1], 8)), each[_POINT])) for each in fields if len(each) > _POINT]


def alone(root: Path, mounts: Path = MOUNTS) -> list[Path]:
    """Return the files below a folder that are mounted by themselves; none where the kernel does not tell. Blocks."""
    try:
        table = mounts.read_text(errors="surrogateescape")
    except OSError:
        return []
    whole = root.resolve()
    return sorted(one for one in points(table) if whole in one.parents and one.is_file())
