"""Judge one token with one document of keys, off the path of requests: for the commands that look at issuers."""

from __future__ import annotations

from dataclasses import dataclass

from ostiary.authn.jwt import JwtAuthenticator
from ostiary.config.presets import resolve
from ostiary.config.schema import IssuerSpec
from ostiary.errors import GatewayError
from ostiary.jwks import Issuer
from ostiary.jwks.compile import form_of
from ostiary.jwks.source import Document
from ostiary.model import Principal


@dataclass(frozen=True, slots=True)
class Trial:
    """How a token was judged.

    Attributes:
        accepted: whether it proves somebody.
        text: whom, or the reason and what lies behind it; never the token.
        help: what the caller would be told, or "".
        principal: whom it proves, if it does.
    """

    accepted: bool
    text: str
    help: str = ""
    principal: Principal | None = None


class _Held:
    """A document that was fetched before."""

    origin = "memory"

    def __init__(self, document: Document) -> None:
        self._document = document

    async def fetch(self, validator: str | None) -> Document:  # noqa: ARG002 - it never changes
        return self._document

    async def aclose(self) -> None:
        pass


async def judge(name: str, spec: IssuerSpec, document: Document, token: bytes) -> Trial:
    """Judge a token as a request with it would be judged now, its binding to a certificate apart.

    Args:
        name: the issuer's name in the configuration.
        spec: its block.
        document: its keys.
        token: the token.
    """
    whole = resolve(spec)
    issuer = Issuer(name, whole, _Held(document), form=form_of(whole))
    await issuer.start()
    try:
        principal = await JwtAuthenticator([issuer], "ignore").judge(token)
    except GatewayError as error:
        return Trial(accepted=False, text=f"{error.reason}: {error.detail}", help=error.reason.public)
    finally:
        await issuer.aclose()
    return Trial(accepted=True, text=f"accepted: {principal.subject!r} of {name}", principal=principal)
