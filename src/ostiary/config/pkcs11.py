"""Private keys that are elsewhere: a PEM file may say where, for OpenSSL's provider of PKCS#11 to find them."""

from __future__ import annotations

from typing import Final

_PLACE: Final = b"-----BEGIN PKCS#11 PROVIDER URI-----"


def is_elsewhere(pem: bytes) -> bool:
    """Whether PEM says where a private key is, and is none itself."""
    return pem.lstrip().startswith(_PLACE)
