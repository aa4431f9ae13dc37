"""What vaults have in common that are asked over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ostiary.config.listeners import ShownCertificateSpec
from ostiary.config.spec import Spec
from ostiary.config.values import Duration, FileReference
from ostiary.config.vaults.base import Cached, Started


class OverHttpSpec(Spec):
    """A server that is asked over HTTP. It is always verified; redirects are not followed."""

    authorities: Annotated[tuple[FileReference, ...], Field(strict=False)] = Field(
        (), description="CA certificates that the server is verified with; by default the system's."
    )
    client: ShownCertificateSpec | None = Field(
        None, description="The certificate that the gateway shows, for servers that ask who is calling."
    )
    timeout: Duration = Field(5.0, description="Patience with one request.")
    start: Started = "lazy"
    cache: Cached
