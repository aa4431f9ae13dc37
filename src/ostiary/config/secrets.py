"""Fetch what a reference to a secret points at, at start, once."""

from __future__ import annotations

import os
from pathlib import Path

from ostiary.config.values import SecretRef
from ostiary.errors import ConfigError
from ostiary.model import Secret


def resolve(reference: SecretRef, folder: Path) -> Secret:
    """Return the secret that a reference points at.

    Args:
        reference: `env:NAME`, or `file:PATH` seen from `folder`; one trailing newline of a file is dropped.
        folder: the folder of the configuration file.

    Raises:
        ConfigError: there is nothing there, or it cannot be read. The message names the reference only.
    """
    if reference.kind == "env":
        value = os.environ.get(reference.name)
        if not value:
            raise ConfigError(f"{reference}: the environment variable {reference.name} is not set")
        return Secret(value)
    try:
        data = (folder / reference.name).read_bytes()
    except OSError as error:
        raise ConfigError(f"{reference}: {error.strerror}") from error
    data = data.removesuffix(b"\n").removesuffix(b"\r")
    if not data:
        raise ConfigError(f"{reference}: the file is empty")
    return Secret(data)
