"""Libraries that only some vaults need: an extra each, so that nobody installs what they do not use."""

from __future__ import annotations

import importlib
import logging
from typing import Any, Final

from ostiary.errors import ConfigError

_TALKATIVE: Final = ("botocore", "azure", "msal", "google.auth")
"""Libraries that would write what they send and receive into a log of level DEBUG: secrets."""


def extra(name: str, module: str) -> Any:
    """Return a module of an extra.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        found = importlib.import_module(module)
    except ImportError:
        problem = f'vaults of type {name} need an extra: pip install "ostiary[{name}]"'
    else:
        for library in _TALKATIVE:
            logging.getLogger(library).setLevel(logging.WARNING)
        return found
    raise ConfigError(problem)
