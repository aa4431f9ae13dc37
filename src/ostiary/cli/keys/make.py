"""`ostiary keys generate`, `rotate` and `import`."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Exit, Json, Overlays, emit, fail
from ostiary.cli.keys.answer import answers
from ostiary.cli.keys.facts import does, moment
from ostiary.cli.keys.place import Alias, Place, VaultName, place
from ostiary.cli.reading import read_octets
from ostiary.keys.algorithms import algorithm, encrypts, kid
from ostiary.keys.material import Material, make, read_material
from ostiary.keys.record import KeptKey
from ostiary.model import Secret
from ostiary.pki.keys import KeyKind
from ostiary.sealed.errors import Destroyed, NotFound, NoVault
from ostiary.sealed.files import check_file


class Kind(StrEnum):
    """Kinds of keys."""

    EC_P256 = "ec-p256"
    EC_P384 = "ec-p384"
    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"
    ED25519 = "ed25519"


Lasts = Annotated[int | None, typer.Option("--days", min=1, help="Sign for so many days only; for ever by default.")]
Now = Annotated[bool, typer.Option("--now", help="Sign at once: others may refuse it until they have asked anew.")]


def generate(
    alias: Alias,
    *,
    kind: Annotated[Kind, typer.Option(help="Kind of the key; as the verifiers can.")] = Kind.EC_P256,
    days: Lasts = None,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    vault: VaultName = None,
    as_json: Json = False,
) -> None:
    """Make a key that is not there yet; it signs at once. The private half never leaves the vault.

    For another version of a key that is there: `ostiary keys rotate`.
    """
    where = place(config, alias, vault, overlay or ())
    with answers():
        if _there(where):
            fail("keys.exists", f"there is a key {alias!r} already", hint="`ostiary keys rotate` adds a version")
        _add(where, make(kind.value), time.time(), days, as_json=as_json)


def rotate(
    alias: Alias,
    *,
    kind: Annotated[Kind | None, typer.Option(help="Kind of the new key; that of the newest by default.")] = None,
    days: Lasts = None,
    now: Now = False,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    as_json: Json = False,
) -> None:
    """Add a version. It is published at once, and signs after `publish_before`; the old ones stay published for `keep`.

    When a key has leaked: `rotate --now`, then `disable` the old version, which takes effect within a second.
    """
    where = place(config, alias, overlays=overlay or ())
    with answers():
        check_file(where.ring.store.path)
        before = where.ring.read()[0]
        _add(
            where,
            make(kind.value if kind else _kind(before[-1])),
            _begins(where, before, now=now),
            days,
            as_json=as_json,
        )


def import_(
    alias: Alias,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="PEM, PKCS#12 or JKS; told apart by what is in it.")],
    *,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The chain of its certificate (PEM), leaf first.")
    ] = None,
    password_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Read the password from a file.")] = None,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
    days: Lasts = None,
    now: Now = False,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    vault: VaultName = None,
    as_json: Json = False,
) -> None:
    """Bring a key along that was made elsewhere.

    With its certificate: as a new key, or as its next version.
    """
    where = place(config, alias, vault, overlay or ())
    password = read_password(password_file, from_stdin=password_stdin)
    with answers():
        material = read_material(_read(file), password, None if certificate is None else _read(certificate))
        _add(where, material, _begins(where, _there(where), now=now), days, as_json=as_json)


def _begins(where: Place, before: list[KeptKey], *, now: bool) -> float:
    """Return when a new version begins to sign: at once when there is nothing that signs in its place."""
    return time.time() + (where.spec.publish_before if before and not now else 0.0)


def _there(where: Place) -> list[KeptKey]:
    """Return the versions of a ring that may not be there yet."""
    if not where.ring.store.path.exists():
        return []
    try:
        return where.ring.read()[0]
    except (NotFound, Destroyed, NoVault):
        return []


def _add(where: Place, material: Material, begins: float, days: int | None, *, as_json: bool) -> None:
    alg = algorithm(material.public, where.spec.algorithm)
    number = where.ring.add(material, begins, None if days is None else begins + days * 86400)
    name = kid(material.public, alg)
    if as_json:
        emit({"key": where.alias, "version": number, "kid": name, "not_before": moment(begins)})
        return
    at = "now" if begins <= time.time() else f"from {moment(begins)}"
    use = f"{does(alg)} tokens" if encrypts(alg) else does(alg)
    print(f"{where.alias}: version {number} is published now and {use} {at} (kid {name})")


def _kind(newest: KeptKey) -> KeyKind:
    match newest.private:
        case ec.EllipticCurvePrivateKey():
            return "ec-p384" if newest.private.curve.name == "secp384r1" else "ec-p256"
        case ed25519.Ed25519PrivateKey():
            return "ed25519"
        case _:
            size = newest.private.key_size
            return "rsa-2048" if size <= 2048 else "rsa-3072" if size <= 3072 else "rsa-4096"  # noqa: PLR2004


def read_password(file: Path | None, *, from_stdin: bool) -> Secret | None:
    """Return the password that the user gives, if he does; one newline at its end is dropped."""
    if file is not None and from_stdin:
        fail("usage", "give either --password-stdin or --password-file", exit_code=Exit.USAGE)
    if file is None and not from_stdin:
        return None
    data = read_octets(None) if file is None else _read(file)
    return Secret(data.removesuffix(b"\n").removesuffix(b"\r"))


def _read(file: Path) -> bytes:
    try:
        return read_octets(file)
    except OSError as error:
        fail("file.unreadable", error.strerror or "it cannot be read", where=str(file), exit_code=Exit.UNKNOWN)
