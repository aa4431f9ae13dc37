"""What a token is asked to do, in its words: mechanisms of PKCS#11 for the algorithms of JOSE."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

_HASH: Final = {"256": "SHA256", "384": "SHA384", "512": "SHA512"}
_OAEP: Final = {"RSA-OAEP-256": ("SHA256", "SHA256"), "RSA-OAEP": ("SHA_1", "SHA1")}
_SEALED_BY: Final[dict[str, hashes.HashAlgorithm]] = {"RSA-OAEP-256": hashes.SHA256(), "RSA-OAEP": hashes.SHA1()}  # noqa: S303 - no hash of anything that could collide


def signature(alg: str, data: bytes) -> tuple[bytes, dict[str, Any]]:
    """Return what the token is given to sign, and the mechanism (RFC 7518, section 3)."""
    from pkcs11 import MGF, Mechanism  # noqa: PLC0415 - an extra

    if alg == "EdDSA":
        return data, {"mechanism": Mechanism.EDDSA}
    name = _HASH[alg[2:]]
    if alg.startswith("ES"):
        return hashlib.new(name, data).digest(), {"mechanism": Mechanism.ECDSA}
    if alg.startswith("RS"):
        return data, {"mechanism": Mechanism[f"{name}_RSA_PKCS"]}
    salt = hashlib.new(name).digest_size  # as long as the hash (RFC 7518, section 3.5)
    return data, {
        "mechanism": Mechanism[f"{name}_RSA_PKCS_PSS"],
        "mechanism_param": (Mechanism[name], MGF[name], salt),
    }


def decryption(alg: str) -> dict[str, Any]:
    """Return the mechanism by which a token unwraps a key (RFC 7518, section 4.3)."""
    from pkcs11 import MGF, Mechanism  # noqa: PLC0415 - an extra

    name, mask = _OAEP[alg]
    return {"mechanism": Mechanism.RSA_PKCS_OAEP, "mechanism_param": (Mechanism[name], MGF[mask], None)}


def sealed(public: Any, alg: str, octets: bytes) -> bytes:
    """Return octets as only the owner of an RSA key can read them: for trying out whether its token does that."""
    sealing = _SEALED_BY[alg]
    ciphertext: bytes = public.encrypt(octets, padding.OAEP(padding.MGF1(sealing), sealing, None))
    return ciphertext
