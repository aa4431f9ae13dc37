"""`ostiary certs revoke` and `crl`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509

from ostiary.cli.certs.place import DEFAULT, Ca, CrlDays, Password, answers, authority
from ostiary.cli.frame import Exit, Json, emit, fail
from ostiary.pki.folder import AuthorityFolder
from ostiary.pki.register import Register, Why


def revoke(
    which: Annotated[str, typer.Argument(metavar="CERTIFICATE|SERIAL", help="Its file, or its serial number.")],
    *,
    ca: Ca = DEFAULT,
    why: Annotated[Why, typer.Option("--reason", help="Why (RFC 5280, section 5.3.1).")] = "unspecified",
    crl_days: CrlDays = 7,
    password: Password = None,
    as_json: Json = False,
) -> None:
    """Revoke a certificate, and publish the list that says so.

    It cannot be taken back.
    """
    with answers():
        where = authority(ca, password)
        serial = _serial(which, where)
        register = where.revoke(serial, why, crl_days=crl_days)
    entry = register.entries[serial]
    _tell(where, register, f"{entry.subject}, serial {serial:x}, is revoked", serial, as_json=as_json)


def crl(
    *,
    ca: Ca = DEFAULT,
    days: Annotated[float, typer.Option(min=0.01, help="Until the next one is due.")] = 7,
    password: Password = None,
    as_json: Json = False,
) -> None:
    """Publish a new revocation list. Do it before the last one is overdue: a strict gateway lets nobody in then."""
    with answers():
        where = authority(ca, password)
        register = where.publish(days=days)
    revoked = sum(1 for _ in register.revoked())
    _tell(where, register, f"{revoked} revoked", None, as_json=as_json)


def _serial(which: str, where: AuthorityFolder) -> int:
    """Return the serial number that is meant: of a file, or as `certs list` shows it."""
    path = Path(which)
    if path.is_file():
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except ValueError:
            fail("certs.unreadable", "there is no PEM certificate in it", where=which)
        if certificate.issuer != where.root().subject:
            fail("certs.not-ours", "another authority has issued it", where=which)
        return certificate.serial_number
    try:
        return int(which.replace(":", ""), 16)
    except ValueError:
        hint = "`ostiary certs list` shows the serial numbers"
        fail("usage", f"{which!r} is neither a file nor a serial number", hint=hint, exit_code=Exit.USAGE)


def _tell(where: AuthorityFolder, register: Register, what: str, serial: int | None, *, as_json: bool) -> None:
    if as_json:
        which = {} if serial is None else {"serial": f"{serial:x}"}
        emit({**which, "crl": str(where.crl), "number": register.number})
        return
    print(what)
    print(f"{where.crl}  list number {register.number}: put it where `revocation` of the gateway finds it")
