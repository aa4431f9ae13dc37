"""What a gateway finds on the machine that it runs on. Nothing here uses the network."""

from __future__ import annotations

import importlib.util
import os
import resource
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from ostiary.pki.diagnosis.finding import Finding

_FILES: Final = 4096
_OPENSSL: Final = (3, 0)
_SECURITY: Final = 1
_OTHERS_WRITE: Final = 0o022


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is.

    Attributes:
        files: how many descriptors a process may have at most.
        core: how large a dump of its memory may be.
        umask: which permissions new files do not get.
        user: the number of its user.
        openssl: its version: major, minor.
        security: the least level that OpenSSL keeps by itself.
        modules: which of our libraries are there.
    """

    files: int
    core: int
    umask: int
    user: int
    openssl: tuple[int, int]
    security: int
    modules: frozenset[str]

    @classmethod
    def this(cls) -> Self:
        """Look at the one that we are on."""
        umask = os.umask(0o077)
        os.umask(umask)
        return cls(
            files=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
            core=resource.getrlimit(resource.RLIMIT_CORE)[0],
            umask=umask,
            user=os.geteuid(),
            openssl=ssl.OPENSSL_VERSION_INFO[:2],
            security=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).security_level,
            modules=frozenset(name for name in ("uvloop", "httptools") if importlib.util.find_spec(name)),
        )


def machine(found: Machine) -> Iterator[Finding]:
    """Look at a machine."""
    if 0 <= found.files < _FILES:
        yield Finding("D701", "", "ulimit -Hn 65536, or LimitNOFILE=65536 of its systemd unit", f"{found.files}")
    for name in ("uvloop", "httptools"):
        if name not in found.modules:
            yield Finding("D702", "", f"pip install {name}", name)
    if found.openssl < _OPENSSL:
        yield Finding("D703", "", "a Python that is linked with OpenSSL 3", ".".join(map(str, found.openssl)))
    if found.security < _SECURITY:
        yield Finding("D704", "", "CipherString = DEFAULT@SECLEVEL=2 in openssl.cnf", f"level {found.security}")
    if found.core != 0:
        yield Finding("D705", "", "ulimit -c 0, or LimitCORE=0 of its systemd unit")
    if found.umask & _OTHERS_WRITE != _OTHERS_WRITE:
        yield Finding("D706", "", "umask 077, or UMask=0077 of its systemd unit", f"umask {found.umask:03o}")
    if found.user == 0:
        yield Finding("D707", "", "a user of its own; ports below 1024 by AmbientCapabilities=CAP_NET_BIND_SERVICE")
