"""What `ostiary init` makes beside the file: an authority, certificates, a master key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from cryptography import x509

from ostiary.config.jsonschema import json_schema
from ostiary.pki.authority import Authority, common_name
from ostiary.pki.files import write_certificates, write_private, write_public
from ostiary.pki.folder import KEY, AuthorityFolder
from ostiary.pki.keys import generate, private_pem
from ostiary.pki.names import general_names
from ostiary.pki.register import Register
from ostiary.pki.request import Wish
from ostiary.sealed import new_key_text

CALLER: Final = "alice"
_CALLER_URI: Final = f"spiffe://example.com/{CALLER}"
_AUTHORITY_DAYS: Final = 3650
_DAYS: Final = 365


def furnish(folder: Path, text: str, host: str, *, callers: bool) -> list[Path]:
    """Write everything into a folder, and return what was written, the configuration first.

    Args:
        folder: a new folder, or an empty one.
        text: the configuration.
        host: the server's name; it answers as localhost, too.
        callers: whether there is to be a caller's certificate.

    Raises:
        PkiError: there is an authority already.
        OSError: something cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = AuthorityFolder(folder / "pki")
    authority.create(
        Authority.create(common_name("First authority"), days=_AUTHORITY_DAYS, path_length=0),
        Register(KEY),
        crl_days=30,
    )
    hosts = list(dict.fromkeys([host, "localhost", "127.0.0.1"]))
    made = [_issue(authority, folder / "server", general_names(hosts=hosts), server=True)]
    if callers:
        made.append(_issue(authority, folder / CALLER, general_names(uris=[_CALLER_URI]), server=False))
    write_private(folder / "master.key", f"{new_key_text()}\n".encode())
    configuration, schema = folder / "gateway.yaml", folder / "schema.json"
    write_public(configuration, text.encode())
    write_public(schema, json.dumps(json_schema(), indent=2).encode())
    return [configuration, schema, folder / "pki" / "ca.pem", *made, folder / "master.key"]


def _issue(authority: AuthorityFolder, place: Path, names: list[x509.GeneralName], *, server: bool) -> Path:
    """Write a certificate and its private key beside one another. Return the certificate's path."""
    key = generate("ec-p256")
    wish = Wish(common_name(place.name), tuple(names), key.public_key())
    certificate = authority.sign(wish, days=_DAYS, purpose="server" if server else "client")
    write_private(place.with_suffix(".key"), private_pem(key, None))
    write_certificates(place.with_suffix(".pem"), [certificate])
    return place.with_suffix(".pem")
