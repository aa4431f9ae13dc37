"""The specs of vaults on this machine: files, and the environment."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ostiary.config.spec import Spec
from ostiary.config.values import Text
from ostiary.config.vaults.base import Cached, Started


class FilesVaultSpec(Spec):
    """A folder of files: a Kubernetes secret volume, Docker's /run/secrets, systemd credentials, or any other."""

    type: Literal["files"]
    path: Text | None = Field(
        None, description="The folder; seen from the configuration file. By default systemd's, $CREDENTIALS_DIRECTORY."
    )
    readable_by_others: Literal["accepted"] | None = Field(
        None, description="`accepted` allows files that group or others can read, such as those of a Kubernetes volume."
    )
    start: Started = "lazy"
    cache: Cached


class EnvVaultSpec(Spec):
    """The environment, read once: PATH_ID and PATH_SECRET, or PATH_SECRET_FILE with the name of a file."""

    type: Literal["env"]
    prefix: Text | None = Field(None, description="What the names of all its variables begin with, such as OSTIARY_.")
    start: Started = "lazy"
    cache: Cached
