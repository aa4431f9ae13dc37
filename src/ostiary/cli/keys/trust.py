"""`ostiary keys trust`: certificates of others, into a file that `trusted` or `authorities` points at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from ostiary.cli.frame import Exit, Json, emit, fail
from ostiary.cli.keys.answer import answers
from ostiary.cli.keys.make import read_password
from ostiary.cli.reading import read_octets
from ostiary.config.values import Refused, secure_url
from ostiary.keys.certificates import certificates_in
from ostiary.pki.files import write_certificates

_LARGEST: Final = 1 << 20  # octets
_PATIENCE: Final = 10.0  # seconds


def trust(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where they are written, as PEM; it is replaced.")],
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Files, https URLs, or URLs of key sets.")],
    *,
    password_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Password of a store.")] = None,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
    as_json: Json = False,
) -> None:
    """Collect certificates of others in one file.

    From PEM, DER, PKCS#12, JKS, URLs or key sets. Compare the fingerprints with what their owner says before
    you trust them. A gateway whose configuration points at the file (`trusted`, `authorities`) takes the change
    up by itself, and no request fails.
    """
    password = read_password(password_file, from_stdin=password_stdin)
    found: list[x509.Certificate] = []
    for source in sources:
        with answers():
            found += certificates_in(_read(source), password)
    found = list(dict.fromkeys(found))
    write_certificates(file, found)
    told = [
        {
            "subject": one.subject.rfc4514_string(),
            "not_after": one.not_valid_after_utc.isoformat().replace("+00:00", "Z"),
            "sha256": one.fingerprint(SHA256()).hex(),
        }
        for one in found
    ]
    if as_json:
        emit({"written": str(file), "certificates": told})
        return
    for one in told:
        print(f"{one['sha256']}  {one['subject']}  until {one['not_after']}")


def _read(source: str) -> bytes:
    if "://" in source:
        return _fetched(source)
    try:
        return read_octets(Path(source))
    except OSError as error:
        fail("file.unreadable", error.strerror or "it cannot be read", where=source, exit_code=Exit.UNKNOWN)


def _fetched(url: str) -> bytes:
    import httpx2

    try:
        secure_url(url)
    except Refused as error:
        fail("usage", str(error), where=url, exit_code=Exit.USAGE)
    content = b""
    try:
        with httpx2.stream("GET", url, timeout=_PATIENCE, trust_env=False, follow_redirects=False) as reply:
            for piece in reply.iter_bytes():
                content += piece
                if len(content) > _LARGEST:
                    fail("keys.too-large", "more than 1 MiB", where=url)
            status = reply.status_code
    except httpx2.HTTPError as error:
        fail("keys.unreachable", f"no answer: {type(error).__name__}", where=url, exit_code=Exit.UNKNOWN)
    if status != httpx2.codes.OK:
        fail("keys.unreachable", f"the server answered {status}", where=url, exit_code=Exit.UNKNOWN)
    return content
