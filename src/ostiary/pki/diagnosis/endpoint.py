"""Look at a live endpoint, as one of its callers would. The only part that uses the network."""

from __future__ import annotations

import _ssl
import contextlib
import socket
import ssl
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ostiary.model import Secret
from ostiary.pki.contents import Contents
from ostiary.pki.diagnosis.finding import Finding, Patient

_ALERT_WAIT: Final = 1.0
"""Seconds for which a server may still refuse a client certificate: in TLS 1.3 it does so after the handshake."""

_LONGEST: Final = 16 << 10
_ABOUT_US: Final = ("CERTIFICATE", "BAD_CERTIFICATE", "UNKNOWN_CA", "HANDSHAKE_FAILURE", "ACCESS_DENIED", "DECRYPT")
"""Alerts by which servers refuse a client certificate, or the lack of one (RFC 8446, section 6.2)."""

_MISMATCH: Final = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_NO_ISSUER: Final = (2, 20, 21)  # X509_V_ERR_UNABLE_TO_*
_UNTRUSTED: Final = (18, 19)  # X509_V_ERR_*SELF_SIGNED*


@dataclass(frozen=True, slots=True)
class Visit:
    """How an endpoint is visited.

    Attributes:
        host, port: where it is.
        authorities: who may have issued its certificate; none for the system's.
        certificate, key: files of a client certificate to show, or None.
        timeout: seconds for each step.
        asked: the name that its certificate must be for, when it is not the host.
        password: of the key, when it is encrypted.
    """

    host: str
    port: int
    authorities: Sequence[x509.Certificate] = ()
    certificate: Path | None = None
    key: Path | None = None
    timeout: float = 5.0
    asked: str | None = None
    password: Secret | None = None

    @property
    def name(self) -> str:
        """How it is called in findings."""
        return f"{self.host}:{self.port}"

    def prepare(self) -> None:
        """Find out, before anybody is asked, whether certificate and key can be shown.

        Raises:
            OSError: they cannot be read.
            ssl.SSLError: they are no PEM, do not fit each other, or the password is not that of the key.
        """
        self._context()

    def look(self) -> tuple[Patient, list[Finding]]:
        """Return what the endpoint shows, and what is wrong with how it shows it."""
        chain: list[x509.Certificate] = []
        try:
            findings = list(self._look(chain))
        except socket.gaierror as error:
            findings = [Finding("D602", self.name, f"getent hosts {self.host}", str(error.strerror))]
        except ssl.SSLError as error:
            findings = [self._refusal(error)]
        except (OSError, TimeoutError) as error:
            findings = [Finding("D601", self.name, f"nc -vz {self.host} {self.port}", str(error.strerror or "timeout"))]
        return Patient(self.name, Contents("DER", tuple(chain))), findings

    def date(self, *, secure: bool) -> float | Finding | None:
        """Return what time it is there (RFC 9110, section 6.6.1), None when it does not say; or why nobody answers.

        Nothing is sent but a question without content, so that it does not matter who answers.
        """
        try:
            if secure:
                with self._connected(self._context()) as connection:
                    return _date(connection, self.host)
            with socket.create_connection((self.host, self.port), timeout=self.timeout) as plain:
                return _date(plain, self.host)
        except socket.gaierror as error:
            return Finding("D602", self.name, f"getent hosts {self.host}", str(error.strerror))
        except ssl.SSLError:
            return None  # `look` says more of that
        except (OSError, TimeoutError) as error:
            return Finding("D601", self.name, f"nc -vz {self.host} {self.port}", str(error.strerror or "timeout"))

    def _look(self, chain: list[x509.Certificate]) -> Iterator[Finding]:
        with self._connected(self._context()) as connection:
            chain.extend(x509.load_der_x509_certificate(der) for der in shown_chain(connection))
            version = connection.version()
            if version != "TLSv1.3":
                yield Finding("D604", self.name, "allow TLS 1.3 in the server's configuration", str(version))
            yield from self._without_certificate(connection)
        yield from self._verified(chain)

    def _without_certificate(self, connection: ssl.SSLSocket) -> Iterator[Finding]:
        """Wait for the server to refuse our client certificate, or the lack of one: by an alert, or by closing."""
        connection.settimeout(_ALERT_WAIT)
        refused: OSError | None = None
        try:
            if not connection.recv(1):
                refused = ConnectionResetError()
        except TimeoutError:
            pass
        except OSError as error:
            refused = error
        if refused is not None:
            yield self._refusal(refused)
        elif self.certificate is None:
            yield Finding("D610", self.name)

    def _verified(self, chain: Sequence[x509.Certificate]) -> Iterator[Finding]:
        context = self._context()
        context.verify_mode = ssl.CERT_REQUIRED
        context.check_hostname = True
        if self.authorities:
            ders = b"".join(one.public_bytes(Encoding.DER) for one in self.authorities)
            context.load_verify_locations(cadata=ders)
        else:
            context.load_default_certs()
        try:
            with self._connected(context):
                pass
        except ssl.SSLCertVerificationError as error:
            yield from self._distrust(error, chain)

    def _distrust(self, error: ssl.SSLCertVerificationError, chain: Sequence[x509.Certificate]) -> Iterator[Finding]:
        if error.verify_code in _MISMATCH:
            yield Finding("D605", self.name, f"ostiary certs sign NAME.csr --for server --dns {self.host}")
        elif error.verify_code in _NO_ISSUER and len(chain) == 1 and chain[0].issuer != chain[0].subject:
            remedy = (
                "cat SERVER.crt INTERMEDIATE.pem > CHAIN.pem, and serve CHAIN.pem; or name its authority's file too"
            )
            yield Finding("D606", self.name, remedy, f"issued by {chain[0].issuer.rfc4514_string()}")
        elif error.verify_code in (*_NO_ISSUER, *_UNTRUSTED):
            yield Finding("D607", self.name, f"ostiary doctor {self.name} CA.pem", error.verify_message)

    def _refusal(self, error: OSError) -> Finding:
        reason = str(getattr(error, "reason", None) or "the connection was closed")
        words = reason.replace("_", " ").lower()
        alert = isinstance(error, ConnectionError) or any(f"ALERT_{word}" in reason for word in _ABOUT_US)
        if alert and self.certificate is None:
            return Finding("D608", self.name, f"ostiary doctor {self.name} --cert NAME.crt --key NAME.key", words)
        if alert:
            return Finding("D609", self.name, f"ostiary doctor {self.certificate}", words)
        return Finding("D603", self.name, f"openssl s_client -connect {self.name}", words)

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # what it shows is looked at, and nothing is sent
        if self.certificate is not None:
            password = b"" if self.password is None else self.password.reveal()  # never asked for at a terminal
            context.load_cert_chain(self.certificate, self.key, password)
        return context

    @contextlib.contextmanager
    def _connected(self, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
        with (
            socket.create_connection((self.host, self.port), timeout=self.timeout) as plain,
            context.wrap_socket(plain, server_hostname=self.asked or self.host) as secure,
        ):
            yield secure


def _date(connection: socket.socket, host: str) -> float | None:
    connection.sendall(f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    head = b""
    with contextlib.suppress(OSError):
        while b"\r\n\r\n" not in head and len(head) < _LONGEST and (piece := connection.recv(4096)):
            head += piece
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"date:"):
            with contextlib.suppress(ValueError):
                return parsedate_to_datetime(line[5:].strip().decode("latin-1")).timestamp()
    return None


def shown_chain(connection: ssl.SSLSocket) -> Sequence[bytes]:
    """Return the certificates that a server has sent, as DER. Public from Python 3.13 on."""
    if sys.version_info >= (3, 13):
        return connection.get_unverified_chain()
    chain = connection._sslobj.get_unverified_chain() or ()  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    return [certificate.public_bytes(_ssl.ENCODING_DER) for certificate in chain]
