"""What words cannot say: an expression of CEL, the Common Expression Language.

    principal.claims.level >= 3 && request.method in ["GET", "HEAD"]

It sees `principal` (subject, issuer, method, tenant, environment, claims, permissions, scopes), `request` (method,
host, path, source) and `certificate` (subject, issuer, cn, san_uris, san_dns, san_emails), or null. It ends, whatever
it says: the language has no loops but over what it is given. Exactly true is yes; an error is no.
"""

from __future__ import annotations

from typing import Any

import structlog

from ostiary.errors import ConfigError, Forbidden
from ostiary.model import Certificate, Principal, Request
from ostiary.reasons import Reason

_log = structlog.get_logger("ostiary.authz")


class ExpressionRule:
    """An expression is true of principal and request.

    Args:
        text: the expression.

    Raises:
        ConfigError: it is none, or the library for it is not installed.
    """

    __slots__ = ("_program", "_text")

    def __init__(self, text: str) -> None:
        try:
            import cel  # noqa: PLC0415 - only who writes expressions needs the library
        except ImportError:
            raise ConfigError("authorize.expression: needs the library for CEL: pip install 'ostiary[cel]'") from None
        self._text = text
        try:
            self._program: Any = cel.compile(text)
        except Exception as error:
            raise ConfigError(f"authorize.expression: {text!r}: {error}") from error

    def check(self, principal: Principal, request: Request) -> None:
        """Return when the condition holds, or raise Forbidden."""
        try:
            result = self._program.execute(_seen(principal, request))
        except Exception as error:  # whatever it was: nothing is permitted by a mistake
            why = f"{type(error).__name__}: {error}"
            _log.warning("expression failed", expression=self._text[:200], why=why[:200])
            raise Forbidden(why[:200], reason=Reason.EXPRESSION_FAILED) from error
        if result is not True:
            reason = Reason.EXPRESSION_FALSE if result is False else Reason.EXPRESSION_FAILED
            raise Forbidden(f"the expression is {str(result)[:40]}", reason=reason)


def _seen(principal: Principal, request: Request) -> dict[str, Any]:
    certificate = principal.certificate or request.peer.certificate
    return {
        "principal": {
            "subject": principal.subject,
            "issuer": principal.issuer,
            "method": principal.method,
            "tenant": principal.tenant,
            "environment": principal.environment,
            "claims": dict(principal.claims),
            "permissions": principal.permissions,
            "scopes": principal.scopes,
        },
        "request": {
            "method": request.method,
            "host": request.host,
            "path": request.path,
            "source": request.peer.address,
        },
        "certificate": None if certificate is None else _described(certificate),
    }


def _described(certificate: Certificate) -> dict[str, Any]:
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "cn": list(certificate.common_names),
        "san_uris": list(certificate.san_uris),
        "san_dns": list(certificate.san_dns),
        "san_emails": list(certificate.san_emails),
    }
