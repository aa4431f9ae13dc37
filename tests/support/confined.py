"""Run a command as confined as `deploy/systemd/ostiary.service` says, where there is no systemd.

    python confined.py UNIT STATE COMMAND...      as root, in a mount namespace of its own (unshare --mount)

What the kernel can do alone is done: a read-only file system but for the state folder (`ProtectSystem`), /proc of
processes only (`ProcSubset`), no capabilities, no new privileges, no memory that is written and then executed, and the
filter of system calls and address families, from systemd's own lists. Hidden homes and private users are not tried.
"""

from __future__ import annotations

import ctypes
import os
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Final

_MOUNT_SETATTR: Final = 442
_HERE, _RECURSIVE, _READ_ONLY = -100, 0x8000, 1
_NO_NEW_PRIVILEGES, _DENY_WRITE_EXECUTE, _DROP_CAPABILITY = 38, 65, 24
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # EPERM
_EQUAL: Final = 4
_FAMILIES: Final = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
_ALWAYS: Final = ("@default", "execve")
"""What systemd allows whatever a unit says: without it nothing could be started."""

libc = ctypes.CDLL(None, use_errno=True)


class Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("one", ctypes.c_uint64),
        ("other", ctypes.c_uint64),
    )


def settings(unit: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)


def calls(group: str) -> set[str]:
    """The system calls of one of systemd's groups."""
    if not group.startswith("@"):
        return {group}
    said = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    words = [line.strip() for line in said.stdout.splitlines()[1:] if line.strip() and "#" not in line]
    return {call for word in words for call in calls(word)}


def allowed(unit: Path) -> set[str]:
    """The system calls that a unit allows: its lines count in their order."""
    found = {call for group in _ALWAYS for call in calls(group)}
    for line in settings(unit, "SystemCallFilter"):
        named = {call for group in line.removeprefix("~").split() for call in calls(group)}
        found = found - named if line.startswith("~") else found | named
    return found


def checked(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def read_only(path: bytes, *, recursive: bool, on: bool) -> None:
    attributes = struct.pack("QQQQ", _READ_ONLY * on, _READ_ONLY * (not on), 0, 0)
    flags = _RECURSIVE * recursive
    checked(libc.syscall(_MOUNT_SETATTR, _HERE, path, flags, attributes, len(attributes)), "mount_setattr")


def protect(state: Path) -> None:
    """Leave one folder to write into, and of /proc the processes only."""
    subprocess.run(["mount", "--bind", state, state], check=True)
    subprocess.run(["mount", "-t", "proc", "-o", "subset=pid", "proc", "/proc"], check=True)
    read_only(b"/", recursive=True, on=True)
    read_only(os.fsencode(state), recursive=False, on=False)


def filtered(unit: Path) -> None:
    """Refuse system calls, for good."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(_REFUSE))
    for name in sorted(allowed(unit) - {"socket"}):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # others are of other processors
            checked(library.seccomp_rule_add(context, _ALLOW, number, 0), name)
    for family in settings(unit, "RestrictAddressFamilies")[0].split():
        rule = (Comparison * 1)(Comparison(0, _EQUAL, _FAMILIES[family], 0))
        number = library.seccomp_syscall_resolve_name(b"socket")
        checked(library.seccomp_rule_add_array(context, _ALLOW, number, 1, rule), family)
    checked(library.seccomp_load(context), "seccomp_load")


def main() -> None:
    unit, state, *command = sys.argv[1:]
    path = Path(unit)
    os.umask(int(settings(path, "UMask")[0], 8))
    protect(Path(state))
    if settings(path, "CapabilityBoundingSet") == [""]:
        last = int(Path("/proc/sys/kernel/cap_last_cap").read_text()) if Path("/proc/sys").exists() else 40
        for capability in range(last + 1):
            checked(libc.prctl(_DROP_CAPABILITY, capability, 0, 0, 0), "capabilities")
    if settings(path, "MemoryDenyWriteExecute") == ["yes"]:
        checked(libc.prctl(_DENY_WRITE_EXECUTE, 1, 0, 0, 0), "MDWE")
    checked(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")
    filtered(path)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
