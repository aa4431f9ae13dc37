"""Keys of the clouds: KMS by an emulator (moto), a key vault by a double; both asked through their vendors' clients."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.session import get_session
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.signers.shape import LEAD
from tests.support.vaults.cloud import Azure, Moto
from tests.support.vaults.cyberark import answered
from tests.support.vaults.front import Answered, Asked, Front, relay

from ostiary.config.keys import AwsKeySpec
from ostiary.config.vaults import CacheSpec
from ostiary.keys.aws import AwsKeeper, compile_aws
from ostiary.keys.azure import AzureKeeper, AzureKey
from ostiary.pki.keys import generate
from ostiary.vault import compile_vault

_AWS = {"ES256": "ECC_NIST_P256", "ES384": "ECC_NIST_P384"}
_CURVES = {"secp256r1": ("P-256", 32), "secp384r1": ("P-384", 48)}
_HASHES = {"256": SHA256(), "384": SHA384(), "512": SHA512()}


class Aws:
    """KMS, as moto emulates it: it signs, and looks at no signature of ours."""

    def __init__(self, moto: Moto, patch: pytest.MonkeyPatch) -> None:
        moto.start()
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
            patch.setenv(f"AWS_{name}", "test")
        for name in ("CONFIG_FILE", "SHARED_CREDENTIALS_FILE"):
            patch.setenv(f"AWS_{name}", "/dev/null")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        self._moto = relay(moto.address)
        self._front = Front(self._answer)
        self._opening: dict[str, Any] = {}
        self._operator = get_session().create_client("kms", "eu-central-1", endpoint_url=moto.address)
        self._made: dict[str, list[str]] = {}

    def keeper(self, name: str, wanted: str | None = None) -> AwsKeeper:
        ids = self._made.get(name, [f"alias/{name}"])
        fields = {
            "type": "aws",
            "region": "eu-central-1",
            "ids": ids,
            "endpoint": self._front.address,
            "algorithm": wanted,
        }
        return compile_aws(AwsKeySpec.model_validate(fields))

    def make(self, name: str, alg: str) -> None:
        if alg.startswith("RSA-OAEP"):  # moto has no key that decrypts and tells its public half
            number = str(uuid4())
            self._opening[number] = generate("rsa-2048")
            self._made.setdefault(name, []).append(number)
            return
        made = self._operator.create_key(KeySpec=_AWS.get(alg, "RSA_2048"), KeyUsage="SIGN_VERIFY")
        self._made.setdefault(name, []).append(made["KeyMetadata"]["KeyId"])

    def away(self) -> None:
        self._front.fault = "busy"

    def back(self) -> None:
        self._front.fault = None

    async def aclose(self) -> None:
        self._operator.close()
        self._front.close()

    def _answer(self, asked: Asked) -> Answered:
        """Answer for the keys of the double, as the API of KMS describes it; the others are moto's."""
        body = json.loads(asked.body)
        private = self._opening.get(body.get("KeyId"))
        if private is None:
            return self._moto(asked)
        match asked.headers["x-amz-target"].rpartition(".")[2]:
            case "DescribeKey":
                facts = {"KeyId": body["KeyId"], "KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT"}
                return answered(200, {"KeyMetadata": facts})
            case "GetPublicKey":
                der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
                return answered(200, {"KeyId": body["KeyId"], "PublicKey": base64.b64encode(der).decode()})
            case "Decrypt":
                return _decrypted(private, body)
        return answered(400, {"__type": "InvalidKeyUsageException"})


def _decrypted(private: Any, body: dict[str, str]) -> Answered:
    hashed = {"RSAES_OAEP_SHA_256": SHA256(), "RSAES_OAEP_SHA_1": SHA1()}[body["EncryptionAlgorithm"]]
    try:
        plain = private.decrypt(
            base64.b64decode(body["CiphertextBlob"]), padding.OAEP(padding.MGF1(hashed), hashed, None)
        )
    except ValueError:
        return answered(400, {"__type": "InvalidCiphertextException"})
    return answered(200, {"Plaintext": base64.b64encode(plain).decode()})


class KeyVault(Azure):
    """The double of a key vault, with keys: what Microsoft's own client asks for them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.keys: dict[str, list[tuple[str, float, Any]]] = {}
        self.vault = compile_vault("cloud", self.spec(CacheSpec()), folder)

    def keeper(self, name: str, wanted: str | None = None) -> AzureKeeper:
        assert self.front is not None
        assert self.vault.login is not None
        return AzureKeeper(AzureKey(self.front.address, name, wanted, LEAD, 10.0), *self.vault.login)

    def make(self, name: str, alg: str) -> None:
        kind = {"ES256": "ec-p256", "ES384": "ec-p384"}.get(alg, "rsa-2048")
        versions = self.keys.setdefault(name, [])
        versions.append((uuid4().hex, int(time.time()) - 2 + len(versions), generate(kind)))  # type: ignore[arg-type]

    def away(self) -> None:
        assert self.front is not None
        self.front.fault = "busy"

    def back(self) -> None:
        assert self.front is not None
        self.front.fault = None

    async def aclose(self) -> None:
        await self.vault.aclose()
        self.close()

    def answer(self, asked: Asked) -> Answered:
        parts = asked.path.strip("/").split("/")
        if parts[0] != "keys" or asked.headers.get("authorization") != "Bearer azure-token":
            return super().answer(asked)
        found = self.keys.get(parts[1])
        if found is None:
            return answered(404, {"error": {"code": "KeyNotFound", "message": "not found"}})
        if parts[2:] == ["versions"]:
            return answered(200, {"value": [self._item(parts[1], one) for one in found]})
        one = next(one for one in found if one[0] == parts[2])
        if parts[3:] == ["sign"]:
            return self._signed(parts[1], one, json.loads(asked.body))
        if parts[3:] == ["unwrapkey"]:
            return self._unwrapped(parts[1], one, json.loads(asked.body))
        return answered(200, {"key": {**_jwk(one[2]), "kid": self._kid(parts[1], one)}, **self._item(parts[1], one)})

    def _kid(self, name: str, one: tuple[str, float, Any]) -> str:
        assert self.front is not None
        return f"{self.front.address}/keys/{name}/{one[0]}"

    def _item(self, name: str, one: tuple[str, float, Any]) -> dict[str, Any]:
        return {"kid": self._kid(name, one), "attributes": {"enabled": True, "created": one[1], "updated": one[1]}}

    def _unwrapped(self, name: str, one: tuple[str, float, Any], body: dict[str, str]) -> Answered:
        hashed = {"RSA-OAEP-256": SHA256(), "RSA-OAEP": SHA1()}[body["alg"]]
        wrapped = base64.urlsafe_b64decode(body["value"] + "==")
        try:
            plain = one[2].decrypt(wrapped, padding.OAEP(padding.MGF1(hashed), hashed, None))
        except ValueError:
            return answered(400, {"error": {"code": "BadParameter", "message": "not wrapped with this key"}})
        return answered(200, {"kid": self._kid(name, one), "value": _text(plain)})

    def _signed(self, name: str, one: tuple[str, float, Any], body: dict[str, str]) -> Answered:
        digest = base64.urlsafe_b64decode(body["value"] + "==")
        value = base64.urlsafe_b64encode(_signature(one[2], body["alg"], digest)).rstrip(b"=").decode()
        return answered(200, {"kid": self._kid(name, one), "value": value})


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _jwk(private: Any) -> dict[str, Any]:
    operations = {"key_ops": ["sign", "verify", "wrapKey", "unwrapKey"]}
    if isinstance(private, rsa.RSAPrivateKey):
        numbers = private.public_key().public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n, 256), "e": _number(numbers.e, 3), **operations}
    operations = {"key_ops": ["sign", "verify"]}
    curve, size = _CURVES[private.curve.name]
    point = private.public_key().public_numbers()
    return {"kty": "EC", "crv": curve, "x": _number(point.x, size), "y": _number(point.y, size), **operations}


def _number(value: int, size: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes(size, "big")).rstrip(b"=").decode()


def _signature(private: Any, alg: str, digest: bytes) -> bytes:
    """Sign as the service does: elliptic curves as r and s."""
    way = utils.Prehashed(_HASHES[alg[2:]])
    if isinstance(private, ec.EllipticCurvePrivateKey):
        size = _CURVES[private.curve.name][1]
        numbers = utils.decode_dss_signature(private.sign(digest, ec.ECDSA(way)))
        return b"".join(number.to_bytes(size, "big") for number in numbers)
    if alg.startswith("PS"):
        algorithm = _HASHES[alg[2:]]
        return private.sign(digest, padding.PSS(padding.MGF1(algorithm), algorithm.digest_size), way)
    return private.sign(digest, padding.PKCS1v15(), way)
