"""`ostiary init`: a first gateway in a folder of its own, which starts as it is.

text       the file
folder     what lies beside it
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.frame import Json, emit, fail
from ostiary.config.schema import PresetName

_NEXT = """
  cd {folder}
  ostiary vault put {alias} --id NAME     asks for the password that the service wants
  ostiary check
  ostiary serve
  curl --cacert pki/ca.pem {evidence} {url}
"""


def init(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="A new folder, or an empty one.")] = Path(
        "gateway"
    ),
    *,
    preset: Annotated[
        PresetName | None,
        typer.Option("--preset", help="Callers show tokens of this provider, in place of certificates."),
    ] = None,
    host: Annotated[str, typer.Option(metavar="NAME", help="The name that callers know it by.")] = "localhost",
    bind: Annotated[str, typer.Option(metavar="IP:PORT", help="Where it listens.")] = "127.0.0.1:8443",
    upstream: Annotated[str, typer.Option(metavar="URL", help="The service behind it.")] = "http://127.0.0.1:8000",
    as_json: Json = False,
) -> None:
    """Write a first gateway into a folder: file, authority, certificates, master key.

    It is whole but for the password that the service wants, which `ostiary vault put` asks for. The certificates
    are of an authority of its own, and a caller has one, unless callers show tokens (--preset).
    """
    from ostiary.cli.certs.place import answers
    from ostiary.cli.init.folder import CALLER, furnish
    from ostiary.cli.init.text import ALIAS, configuration

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        fail(
            "init.exists",
            "there is something already; nothing was changed",
            hint="name a new folder",
            where=str(folder),
        )
    text = configuration(preset=preset, bind=bind, upstream=upstream)
    with answers():
        made = furnish(folder, text, host, callers=preset is None)
    if as_json:
        emit({"folder": str(folder), "files": [str(file) for file in made]})
        return
    evidence = f"--cert {CALLER}.pem --key {CALLER}.key" if preset is None else '-H "Authorization: Bearer TOKEN"'
    print(*made, sep="\n")
    url = f"https://{host}:{bind.rpartition(':')[2]}/"
    print(_NEXT.format(folder=folder, alias=ALIAS, evidence=evidence, url=url).rstrip())
