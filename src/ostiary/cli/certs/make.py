"""`ostiary certs ca`, `request` and `sign`: the authority, the user, and the authority again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ostiary.cli.certs.place import (
    DEFAULT,
    Ca,
    CrlDays,
    Dns,
    Email,
    Key,
    Password,
    Subject,
    Upn,
    Uri,
    absent,
    answers,
    authority,
    password_of,
)
from ostiary.cli.frame import Exit, Json, emit, fail, say
from ostiary.cli.reading import read_octets
from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_private, write_public
from ostiary.pki.folder import KEY, read_key
from ostiary.pki.keys import generate, private_pem
from ostiary.pki.names import general_names, show_name
from ostiary.pki.register import Register
from ostiary.pki.request import Wish, make_request, read_request
from ostiary.pki.subject import parse_subject, show_subject


def ca(
    subject: Subject,
    *,
    folder: Annotated[Path, typer.Option("--folder", metavar="FOLDER", help="Where it will live.")] = DEFAULT,
    days: Annotated[float, typer.Option(min=1, help="How long it is valid.")] = 3650,
    key: Key = "ec-p256",
    key_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Where its private key goes.")] = None,
    beside: Annotated[bool, typer.Option("--beside", help="Let its key lie among its public files.")] = False,
    existing_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Use this key: renew a CA.")] = None,
    below: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The authority that issues it; none: a root.")
    ] = None,
    below_password: Annotated[str | None, typer.Option(metavar="env:NAME|file:PATH", help="Of that one's key.")] = None,
    path_length: Annotated[int | None, typer.Option(min=0, help="How many authorities may stand below it.")] = 0,
    crl_url: Annotated[str | None, typer.Option(help="Where its revocation list will be published.")] = None,
    ocsp_url: Annotated[str | None, typer.Option(help="Where an OCSP responder will answer for it.")] = None,
    crl_days: CrlDays = 7,
    password: Password = None,
    as_json: Json = False,
) -> None:
    """Make an authority: key, certificate, first revocation list.

    The private key lies in a folder of its own, for the owner only, because the other files are handed out.
    """
    place = _key_place(folder, key_file, beside=beside)
    absent(folder / "ca.pem", folder / place)
    with answers():
        where = authority(folder, password)
        private = generate(key) if existing_key is None else read_key(existing_key, where.password)
        name = parse_subject(subject)
        if below is None:
            made = Authority.create(name, days=days, key=private, path_length=path_length)
        else:
            above = authority(below, below_password)
            made = above.sign_authority(name, private, days=days, path_length=path_length)
        where.create(made, Register(place, crl_url, ocsp_url), crl_days=crl_days)
    facts = {"certificate": where.certificate, "crl": where.crl, "key": folder / place}
    _tell(made.certificate, facts, as_json=as_json)


def _key_place(folder: Path, file: Path | None, *, beside: bool) -> str:
    """Return where the private key goes, seen from the authority's folder."""
    if file is None:
        return "ca.key" if beside else KEY
    if file.parent.resolve() == folder.resolve() and not beside:
        hint = f"leave --key-file out ({folder / KEY}), or insist with --beside"
        fail("certs.key-beside", "the private key would lie among files that are handed out", hint=hint)
    return str(file.resolve())


def request(
    subject: Subject = "",
    *,
    name: Annotated[str, typer.Option("--name", help="Name of the files: NAME.key and NAME.csr.")] = "client",
    uri: Uri = None,
    dns: Dns = None,
    email: Email = None,
    upn: Upn = None,
    key: Key = "ec-p256",
    folder: Annotated[Path, typer.Option("--folder", metavar="FOLDER", help="Where the files go.")] = Path(),
    password: Password = None,
    as_json: Json = False,
) -> None:
    """Make a private key, and the request for its certificate.

    The request goes to the authority, the key stays here.
    """
    key_file, file = folder / f"{name}.key", folder / f"{name}.csr"
    absent(key_file, file)
    with answers():
        private = generate(key)
        names = general_names(uris=uri or (), hosts=dns or (), emails=email or (), upns=upn or ())
        made = make_request(parse_subject(subject), names, private)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(key_file, private_pem(private, password_of(password)))
    write_public(file, made.public_bytes(Encoding.PEM))
    if as_json:
        emit({"key": str(key_file), "request": str(file), "subject": show_subject(made.subject)})
        return
    print(f"{key_file}  the private key: keep it, and show it to nobody")
    print(f"{file}  the request: send it to the authority, which runs `ostiary certs sign {file}`")


def sign(
    file: Annotated[Path, typer.Argument(metavar="REQUEST", help="The request that somebody has sent.")],
    *,
    ca: Ca = DEFAULT,
    days: Annotated[float, typer.Option(min=0.01, help="How long it is valid.")] = 365,
    purpose: Annotated[Literal["client", "server"], typer.Option("--for", help="What it is for.")] = "client",
    subject: Annotated[str | None, typer.Option(help="In place of the subject that is asked for.")] = None,
    uri: Uri = None,
    dns: Dns = None,
    email: Email = None,
    upn: Upn = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where it goes; REQUEST with .crt.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    password: Password = None,
    as_json: Json = False,
) -> None:
    """Sign a request: whoever holds its key will be who it says.

    Only subject and alternative names are taken from the request, and only after you have seen them. With
    --subject or any of --uri, --dns, --email and --upn, yours take their place.
    """
    asked = read_octets(file)
    target = out or file.with_suffix(".crt")
    absent(target)
    with answers():
        wish = _replaced(read_request(asked), subject, (uri, dns, email, upn))
        if not yes:
            _confirm(wish, purpose, days)
        where = authority(ca, password)
        certificate = where.sign(wish, days=days, purpose=purpose)
        write_certificates(target, [certificate, *where.chain()])
    _tell(certificate, {"certificate": target}, as_json=as_json)


def _replaced(wish: Wish, subject: str | None, names: tuple[list[str] | None, ...]) -> Wish:
    """Return a wish with the authority's own names in place of those that were asked for."""
    named = wish.subject if subject is None else parse_subject(subject)
    if not any(names):
        return Wish(named, wish.names, wish.key)
    uri, dns, email, upn = (kind or () for kind in names)
    return Wish(named, tuple(general_names(uris=uri, hosts=dns, emails=email, upns=upn)), wish.key)


def _confirm(wish: Wish, purpose: str, days: float) -> None:
    say(f"subject  {show_subject(wish.subject)}")
    for one in wish.names:
        say(f"name     {show_name(one)}")
    if not sys.stdin.isatty():
        fail("usage", "nobody is there to be asked", hint="look at it, and say --yes", exit_code=Exit.USAGE)
    if not typer.confirm(f"Is that who sent it? Sign it for a {purpose}, for {days:g} days?", err=True):
        fail("certs.unsigned", "nothing was signed", exit_code=Exit.NO)


def _tell(certificate: x509.Certificate, files: dict[str, Path], *, as_json: bool) -> None:
    subject, serial = show_subject(certificate.subject), f"{certificate.serial_number:x}"
    until = f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"
    if as_json:
        shown = {name: str(path) for name, path in files.items()}
        emit({"subject": subject, "serial": serial, "not_after": until, **shown})
        return
    print(f"{subject}, serial {serial}, until {until}")
    for name, path in files.items():
        print(f"  {name:<12} {path}")
