"""One connection's TLS object: the name asked for, and why a handshake was refused.

An event loop drops the error of a refused handshake, and the operator is left to guess. Both asyncio and
uvloop make their TLS objects with `context.wrap_bio`, so a class of our own sees it first.
"""

from __future__ import annotations

import ssl
from typing import Final

import structlog

from ostiary.reasons import Reason

_log = structlog.get_logger("ostiary.listener")

_NO_CERTIFICATE: Final = "PEER_DID_NOT_RETURN_A_CERTIFICATE"
_VERIFY: Final = {  # X509_V_ERR_*
    **dict.fromkeys((2, 7, 18, 19, 20, 21, 27, 28), Reason.CERTIFICATE_UNTRUSTED),
    9: Reason.CERTIFICATE_NOT_YET_VALID,
    10: Reason.CERTIFICATE_EXPIRED,
    23: Reason.CERTIFICATE_REVOKED,
    **dict.fromkeys((3, 8, 11, 12, 33, 44), Reason.CERTIFICATE_REVOCATION_UNKNOWN),
}


class ServerSslObject(ssl.SSLObject):
    """The server's side of one connection.

    Attributes:
        server_name: what the client asked for (SNI, RFC 6066, section 3), in lower case, or None.
    """

    server_name: str | None = None

    def do_handshake(self) -> None:
        """Go on with the handshake; write down why the client's certificate is refused, if it is.

        Raises:
            ssl.SSLError: more octets are wanted, or the handshake has failed.
        """
        try:
            super().do_handshake()
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLError as error:
            reason = reason_of(error)
            if reason is not None:
                why = getattr(error, "verify_message", error.reason)
                _log.info("client certificate refused in the handshake", reason=str(reason), openssl=why)
            raise


def reason_of(error: ssl.SSLError) -> Reason | None:
    """Return the word for a refused client certificate, or None when the error is about something else."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY.get(error.verify_code, Reason.CERTIFICATE_UNSUITABLE)
    return Reason.CERTIFICATE_MISSING if getattr(error, "reason", None) == _NO_CERTIFICATE else None


def remember_name(ssl_object: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:  # noqa: ARG001 - the shape OpenSSL calls
    """Keep the name that the client asks for. The context stays: one listener, one policy."""
    if isinstance(ssl_object, ServerSslObject) and name:
        ssl_object.server_name = name.lower().removesuffix(".")


def watch(context: ssl.SSLContext) -> None:
    """Let every connection of a context be a `ServerSslObject`."""
    context.sslobject_class = ServerSslObject
    context.sni_callback = remember_name
