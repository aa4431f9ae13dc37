"""Google Cloud Secret Manager: its REST API, asked by our own client; Google's library says who asks.

login.py     Google's credentials, refreshed in a thread
answer.py    what an answer means
provider.py  the project as the gateway sees it
"""

from __future__ import annotations

import json
from pathlib import Path

from ostiary.config.secrets import resolve
from ostiary.config.vaults.cloud import GcpVaultSpec
from ostiary.errors import ConfigError
from ostiary.vault.extra import extra
from ostiary.vault.gcp.login import SCOPE, Login
from ostiary.vault.gcp.provider import GcpProvider
from ostiary.vault.web import Web, tls_of

__all__ = ["compile_gcp"]


def compile_gcp(spec: GcpVaultSpec, folder: Path) -> GcpProvider:
    """Make the provider of a project.

    Raises:
        ConfigError: the extra is not installed, or the key of the service account is none.
    """
    extra("gcp", "google.auth")
    tls = tls_of(spec, folder, "https://oauth2.googleapis.com")  # the login goes there, whatever the address
    return GcpProvider(spec, Web(spec.timeout, tls), Login(_given(spec, folder), tls, spec.timeout))


def _given(spec: GcpVaultSpec, folder: Path) -> object | None:
    """Return the credentials that the file names, or None: Google's library looks for them later."""
    if spec.credentials is None:
        return None
    library = extra("gcp", "google.oauth2.service_account").Credentials
    try:
        facts = json.loads(resolve(spec.credentials, folder).reveal())
        found: object = library.from_service_account_info(facts, scopes=[SCOPE])
    except Exception:  # noqa: BLE001 - the text of the error may show the key
        problem = f"{spec.credentials}: not the key of a service account, in JSON"
    else:
        return found
    raise ConfigError(problem)
