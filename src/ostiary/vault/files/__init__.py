"""A folder of files: Kubernetes secret volumes, Docker secrets, systemd credentials, or any other.

reader.py   one record, whole: through one open folder, never half of one version and half of the next
mounts.py   files that stay as they are, because each is mounted by itself
inotify.py  the kernel tells that something in a folder has changed
provider.py the folder as the gateway sees it
"""

from __future__ import annotations

import os
from pathlib import Path

from ostiary.config.vaults import FilesVaultSpec
from ostiary.errors import ConfigError
from ostiary.vault.files.provider import FilesProvider
from ostiary.vault.files.reader import Reader

__all__ = ["compile_files"]

SYSTEMD = "CREDENTIALS_DIRECTORY"


def compile_files(spec: FilesVaultSpec, folder: Path) -> FilesProvider:
    """Make the provider of a folder.

    Raises:
        ConfigError: no folder is named, and systemd names none either.
    """
    path = spec.path or os.environ.get(SYSTEMD)
    if not path:
        raise ConfigError(f"no `path`, and systemd has not set {SYSTEMD}: which folder is it?")
    return FilesProvider(Reader(folder / path, others=spec.readable_by_others is not None))
