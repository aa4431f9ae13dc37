"""The one tree of exceptions.

    GatewayError                     ends a request with a status
      BadRequest            400      HeadersTooLarge       431
      Unauthenticated       401      InternalError         500
        CredentialsMissing             UpstreamUnreachable 502
        InvalidCertificate           UpstreamInvalid       502
        InvalidToken                 CredentialRejected    502
        InvalidProof                 Overloaded            503
        InvalidKey
        InvalidPassword                CallUnsupported       501
      Forbidden             403      KeysUnavailable       503
      RouteNotFound         404      CredentialUnavailable 503
      MethodNotAllowed      405      UpstreamTimeout       504
      RequestTimeout        408
      ContentTooLarge       413
      TargetTooLong         414
      MisdirectedRequest    421
      TooManyRequests       429      DecisionChanged       503
                                     SharedUnavailable     503
    ConfigError                      stops the start or the reload, never meets a request

The class says what the caller may know: status, title, challenge. The reason is a word of the closed
vocabulary. The detail is private: it is for the log, and it never holds a secret. Nobody matches on
an error's text.
"""

from __future__ import annotations

from typing import ClassVar

from ostiary.reasons import Reason


class GatewayError(Exception):
    """What a request ends with when it is not forwarded.

    Attributes:
        status: the HTTP status (RFC 9110, section 15).
        title: the short public name of the status.
        reason: a word of the closed vocabulary; its public sentence goes to the caller.
        detail: private, for the log only.
        retry_after: seconds after which the caller may try again (RFC 9110, section 10.2.3), or None.
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal Server Error"
    default: ClassVar[Reason] = Reason.INTERNAL

    def __init__(self, detail: str = "", *, reason: Reason | None = None, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.reason = reason or self.default
        self.retry_after = retry_after


class BadRequest(GatewayError):
    """The request cannot be read, or can be read in two ways."""

    status = 400
    title = "Bad Request"
    default = Reason.REQUEST_MALFORMED


class Unauthenticated(GatewayError):
    """Nobody was proven. `error` is the code of the challenge (RFC 6750, section 3.1), if any."""

    status = 401
    title = "Unauthorized"
    default = Reason.TOKEN_MISSING
    error: ClassVar[str | None] = None


class CredentialsMissing(Unauthenticated):
    """No evidence at all: the challenge carries no error code (RFC 6750, section 3.1)."""


class InvalidCertificate(Unauthenticated):
    """A client certificate was shown, and it does not prove anybody."""

    default = Reason.CERTIFICATE_NAME_NOT_ALLOWED


class InvalidProof(Unauthenticated):
    """A proof of possession was shown, or was due, and it does not hold (RFC 9449, section 7.1).

    Attributes:
        nonce: what the caller's next proof has to have, or None.
    """

    default = Reason.PROOF_INVALID
    error = "invalid_dpop_proof"

    def __init__(self, detail: str = "", *, reason: Reason | None = None, nonce: str | None = None) -> None:
        super().__init__(detail, reason=reason)
        self.nonce = nonce


class InvalidKey(Unauthenticated):
    """An API key was shown, and it is nobody's."""

    default = Reason.API_KEY_INVALID
    error = "invalid_token"


class InvalidPassword(Unauthenticated):
    """A user name and a password were shown, and they are nobody's."""

    default = Reason.PASSWORD_INVALID


class InvalidToken(Unauthenticated):
    """A token was shown, and it does not prove anybody."""

    default = Reason.TOKEN_MALFORMED
    error = "invalid_token"


class Forbidden(GatewayError):
    """Somebody was proven, who may not do this."""

    status = 403
    title = "Forbidden"
    default = Reason.PERMISSION_MISSING


class RouteNotFound(GatewayError):
    """No route matches host and path."""

    status = 404
    title = "Not Found"
    default = Reason.ROUTE_NOT_FOUND


class MethodNotAllowed(GatewayError):
    """A route matches host and path, none with this method. `allow` goes into the Allow header."""

    status = 405
    title = "Method Not Allowed"
    default = Reason.METHOD_NOT_ALLOWED

    def __init__(self, detail: str = "", *, allow: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.allow = allow


class RequestTimeout(GatewayError):
    """The request did not arrive in time."""

    status = 408
    title = "Request Timeout"
    default = Reason.REQUEST_TIMEOUT


class ContentTooLarge(GatewayError):
    """The body is larger than the limit."""

    status = 413
    title = "Content Too Large"
    default = Reason.REQUEST_BODY_TOO_LARGE


class TargetTooLong(GatewayError):
    """The request's target is longer than the limit (RFC 9110, section 15.5.15)."""

    status = 414
    title = "URI Too Long"
    default = Reason.REQUEST_TARGET_TOO_LONG


class MisdirectedRequest(GatewayError):
    """The connection was made for another host (RFC 9110, section 15.5.20)."""

    status = 421
    title = "Misdirected Request"
    default = Reason.REQUEST_MISDIRECTED


class TooManyRequests(GatewayError):
    """The caller asks too often.

    Attributes:
        fields: of the answer: how often it may, and when again (draft-ietf-httpapi-ratelimit-headers).
    """

    status = 429
    title = "Too Many Requests"
    default = Reason.RATE_EXCEEDED

    def __init__(
        self,
        detail: str = "",
        *,
        reason: Reason | None = None,
        retry_after: int | None = None,
        fields: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(detail, reason=reason, retry_after=retry_after)
        self.fields = fields


class HeadersTooLarge(GatewayError):
    """The head of the request is larger than the limit (RFC 6585, section 5)."""

    status = 431
    title = "Request Header Fields Too Large"
    default = Reason.REQUEST_HEADERS_TOO_LARGE


class InternalError(GatewayError):
    """Our bug. The log has the traceback, the caller the request id."""


class CallUnsupported(GatewayError):
    """Calls of gRPC cannot be carried here: nobody could be told how they end."""

    status = 501
    title = "Not Implemented"
    default = Reason.CALL_UNSUPPORTED


class UpstreamUnreachable(GatewayError):
    """No connection to the upstream, or it broke before it answered."""

    status = 502
    title = "Bad Gateway"
    default = Reason.UPSTREAM_UNREACHABLE


class UpstreamInvalid(UpstreamUnreachable):
    """The upstream's answer is not valid, unambiguous HTTP."""

    default = Reason.UPSTREAM_INVALID


class CredentialRejected(UpstreamUnreachable):
    """The upstream does not accept the gateway's credential. Its 401 was for the gateway, not for the caller."""

    default = Reason.CREDENTIAL_REJECTED


class Overloaded(GatewayError):
    """The gateway has no room for the request now."""

    status = 503
    title = "Service Unavailable"
    default = Reason.OVERLOADED


class DecisionChanged(GatewayError):
    """A refusal was to be explained, and the request is allowed by now."""

    status = 503
    title = "Service Unavailable"
    default = Reason.DECISION_CHANGED


class KeysUnavailable(GatewayError):
    """An issuer's key set cannot be had: we cannot know whether the token is good."""

    status = 503
    title = "Service Unavailable"
    default = Reason.KEYS_UNAVAILABLE


class CredentialUnavailable(GatewayError):
    """The vault cannot give the credential now."""

    status = 503
    title = "Service Unavailable"
    default = Reason.CREDENTIAL_UNAVAILABLE


class SharedUnavailable(GatewayError):
    """What several gateways know together cannot be had, so that nobody knows whether this was used already."""

    status = 503
    title = "Service Unavailable"
    default = Reason.SHARED_UNAVAILABLE


class UpstreamTimeout(GatewayError):
    """The upstream did not answer in time."""

    status = 504
    title = "Gateway Timeout"
    default = Reason.UPSTREAM_TIMEOUT


class ConfigError(Exception):
    """The configuration cannot be used. Stops the start or the reload, never meets a request."""
