"""One connection's TLS object: the name asked for, how long the handshake took, and why it was refused.

An event loop drops the error of a refused handshake, and with it the alert that OpenSSL has written: operator and
caller are left to guess. Both asyncio and uvloop make their TLS objects with `context.wrap_bio`, so a class of our own
sees it first.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from time import perf_counter
from types import MappingProxyType
from typing import ClassVar, Final

import structlog

from ostiary.listener.tally import Handshakes
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

CALLER: Final[ContextVar[Mapping[str, str]]] = ContextVar("caller", default=MappingProxyType({}))
"""Who shakes hands: `listener` and `address`, as far as whoever accepts connections has noted it."""

FAREWELL: Final[ContextVar[Callable[[bytes], None] | None]] = ContextVar("farewell", default=None)
"""Takes the alert for who shakes hands, if somebody sends it; called while the connection is still open."""

ABANDONED: Final = "abandoned"
_FAULTS: Final = {  # SSL_R_*, in the few words that a metric can bear
    "UNSUPPORTED_PROTOCOL": "protocol",
    "NO_SHARED_CIPHER": "cipher",
    "HTTP_REQUEST": "not-tls",
    "WRONG_VERSION_NUMBER": "not-tls",
    "UNEXPECTED_EOF_WHILE_READING": ABANDONED,
}


class ServerSslObject(ssl.SSLObject):
    """The server's side of one connection.

    Attributes:
        tally: where the handshakes of the listener are counted.
        server_name: what the client asked for (SNI, RFC 6066, section 3), in lower case, or None.
        outgoing: where it writes what the client is to read.
    """

    tally: ClassVar[Handshakes] = Handshakes()
    server_name: str | None = None
    outgoing: ssl.MemoryBIO | None = None
    _began = 0.0
    _over = False

    def do_handshake(self) -> None:
        """Go on with the handshake; write down why the client's certificate is refused, if it is.

        Raises:
            ssl.SSLError: more octets are wanted, or the handshake has failed.
        """
        self._began = self._began or perf_counter()
        try:
            super().do_handshake()
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLError as error:
            self._refused(error)
            self._part()
            raise
        if not self._over:
            self._over = True
            self.tally.took.observe(perf_counter() - self._began)

    def _refused(self, error: ssl.SSLError) -> None:
        reason = reason_of(error)
        self._over = True
        self.tally.refused[fault_of(error) if reason is None else str(reason)] += 1
        if reason is not None:
            why = getattr(error, "verify_message", error.reason)
            _log.info("client certificate refused in the handshake", reason=str(reason), openssl=why, **CALLER.get())

    def _part(self) -> None:
        say = FAREWELL.get()
        if say is not None and self.outgoing is not None:
            say(self.outgoing.read())

    def __del__(self) -> None:
        if self._began and not self._over:
            self.tally.refused[ABANDONED] += 1


class ServerContext(ssl.SSLContext):
    """A context whose connections can say why their handshake has failed."""

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Return one connection's TLS object."""
        made = super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)
        if isinstance(made, ServerSslObject):
            made.outgoing = outgoing
        return made


def reason_of(error: ssl.SSLError) -> Reason | None:
    """Return the word for a refused client certificate, or None when the error is about something else."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY.get(error.verify_code, Reason.CERTIFICATE_UNSUITABLE)
    return Reason.CERTIFICATE_MISSING if getattr(error, "reason", None) == _NO_CERTIFICATE else None


def fault_of(error: ssl.SSLError) -> str:
    """Return a word for a failed handshake that is not about a client certificate; there are six."""
    reason = getattr(error, "reason", None) or ""
    return "refused-by-client" if "_ALERT_" in reason else _FAULTS.get(reason, "other")


def watch(context: ssl.SSLContext, others: Mapping[str, ssl.SSLContext] = MappingProxyType({})) -> Handshakes:
    """Let every connection of a context be a `ServerSslObject`; return where their handshakes are counted.

    Args:
        context: where every connection begins.
        others: contexts that show another certificate, and are alike in everything else, by the names in it.
    """
    tally = Handshakes()
    context.sslobject_class = type("CountedSslObject", (ServerSslObject,), {"tally": tally})

    def name_asked(ssl_object: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if isinstance(ssl_object, ServerSslObject) and name:
            ssl_object.server_name = asked = name.lower().removesuffix(".")
            chosen = others.get(asked) or others.get(f"*.{asked.partition('.')[2]}")
            if chosen is not None:
                ssl_object.context = chosen

    context.sni_callback = name_asked
    return tally
