"""What a distribution needs that brings another kind of vault. This module keeps its names.

A provider is asked for one record at a time and keeps nothing; caching, refreshing, single flight, stale
copies and the log are done for it. In short:

    class ShelfSpec(Spec):
        '''A shelf of texts.'''
        type: Literal["shelf"]
        path: Text = Field(description="The file.")
        cache: Cached

    class ShelfProvider:                                    # a Provider
        async def fetch(self, path, version):
            ...                                             # SecretRecord, or one of the errors below
            raise NotFound("there is no such text")         # the texts of errors go to the log: no secrets

    shelf = Backend(spec=ShelfSpec, compile=lambda spec, folder: ShelfProvider(folder / spec.path))

and in its pyproject.toml

    [project.entry-points."ostiary.vaults"]
    shelf = "ostiary_shelf:shelf"
"""

from __future__ import annotations

from ostiary.config.secrets import resolve
from ostiary.config.spec import Spec
from ostiary.config.values import Duration, FileReference, Refused, SecretReference, SecureUrl, Size, Text
from ostiary.config.vaults.base import Cached
from ostiary.config.vaults.installed import Backend
from ostiary.errors import ConfigError
from ostiary.model import Secret
from ostiary.vault.errors import (
    AccessDenied,
    Destroyed,
    Misconfigured,
    NotFound,
    Sealed,
    SecretError,
    Tampered,
    Throttled,
    Unavailable,
)
from ostiary.vault.record import Provider, SecretRecord

__all__ = [
    "AccessDenied",
    "Backend",
    "Cached",
    "ConfigError",
    "Destroyed",
    "Duration",
    "FileReference",
    "Misconfigured",
    "NotFound",
    "Provider",
    "Refused",
    "Sealed",
    "Secret",
    "SecretError",
    "SecretRecord",
    "SecretReference",
    "SecureUrl",
    "Size",
    "Spec",
    "Tampered",
    "Text",
    "Throttled",
    "Unavailable",
    "resolve",
]
