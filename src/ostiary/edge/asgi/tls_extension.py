"""The TLS extension of ASGI: what a server may say of the handshake, as the specification writes it (version 0.2).

https://asgi.readthedocs.io/en/latest/specs/tls.html
"""

from __future__ import annotations

import ssl
from typing import Any, Final

from cryptography import x509

from ostiary.listener.clients import verified_chain

TLS: Final = "tls"
"""Its name among the extensions of a scope."""

_VERSIONS: Final = {"TLSv1.2": 0x0303, "TLSv1.3": 0x0304}


def tls_extension(ssl_object: ssl.SSLObject) -> dict[str, Any]:
    """Return what is known of a connection whose handshake is done. Once per connection.

    Where nothing was verified (a session that was resumed), the chain is the certificate alone.
    """
    leaf = ssl_object.getpeercert(binary_form=True)
    chain = [] if leaf is None else list(verified_chain(ssl_object)) or [leaf]
    return {
        "server_cert": None,
        "client_cert_chain": [ssl.DER_cert_to_PEM_cert(one) for one in chain],
        "client_cert_name": None if leaf is None else x509.load_der_x509_certificate(leaf).subject.rfc4514_string(),
        "client_cert_error": None,
        "tls_version": _VERSIONS.get(ssl_object.version() or ""),
        "cipher_suite": None,
    }
