"""`ostiary vault put`, `rotate`, `enable`, `disable` and `destroy`."""

from __future__ import annotations

from ostiary.cli.frame import DEFAULT_CONFIG, ConfigOption, Json, Overlays, emit, fail
from ostiary.cli.vault.answer import answers
from ostiary.cli.vault.place import Alias, Place, VaultName, place
from ostiary.cli.vault.secret import FromFile, FromStdin, Id, read_secret
from ostiary.cli.versions import Chosen, Every, Number, Yes, chosen, sure
from ostiary.model import Secret
from ostiary.sealed.files import check_file
from ostiary.vault.errors import SecretError
from ostiary.vault.local import VersionState


def put(
    alias: Alias,
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    vault: VaultName = None,
    name: Id = None,
    secret_stdin: FromStdin = False,
    secret_file: FromFile = None,
    as_json: Json = False,
) -> None:
    """Store a credential; the vault is made when there is none."""
    with answers():
        where = place(config, alias, vault, overlay or ())
        secret = read_secret(from_stdin=secret_stdin, from_file=secret_file)
        number = where.store.put(where.path, _fields(where, name, secret))
    _tell(where, [number], "stored", as_json=as_json)


def rotate(
    alias: Alias,
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    vault: VaultName = None,
    name: Id = None,
    secret_stdin: FromStdin = False,
    secret_file: FromFile = None,
    as_json: Json = False,
) -> None:
    """Add a version to a credential that is there.

    Running gateways take it up at once. Older versions stay enabled, for those who pin them, until they are
    disabled or destroyed.
    """
    with answers():
        where = place(config, alias, vault, overlay or ())
        check_file(where.store.path)
        secret = read_secret(from_stdin=secret_stdin, from_file=secret_file)
        fields = _fields(where, name if name is not None else _last_id(where), secret)
        number = where.store.put(where.path, fields, existing=True)
    _tell(where, [number], "in use; older versions stay enabled", as_json=as_json)


def enable(
    alias: Alias,
    number: Number,
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    vault: VaultName = None,
    as_json: Json = False,
) -> None:
    """Let a disabled version be used again."""
    _change(place(config, alias, vault, overlay or ()), VersionState.ENABLED, number, as_json=as_json)


def disable(
    alias: Alias,
    number: Number,
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    vault: VaultName = None,
    as_json: Json = False,
) -> None:
    """Keep a version from being used, without losing it."""
    _change(place(config, alias, vault, overlay or ()), VersionState.DISABLED, number, as_json=as_json)


def destroy(
    alias: Alias,
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    overlay: Overlays = None,
    vault: VaultName = None,
    number: Chosen = None,
    every: Every = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Forget what a version holds, for ever. Copies and backups of the file still hold it."""
    what = chosen(number, every=every)
    where = place(config, alias, vault, overlay or ())
    sure(f"Destroy {what} of {alias} in vault {where.vault}?", "vault", yes=yes)
    _change(where, VersionState.DESTROYED, number, as_json=as_json)


def _change(where: Place, state: VersionState, number: int | None, *, as_json: bool) -> None:
    with answers():
        check_file(where.store.path)
        changed = where.store.change(where.path, state, number)
        if number is not None and not changed and _destroyed(where, number, state):
            fail("vault.destroyed", f"version {number} of {where.alias} was destroyed and does not come back")
    _tell(where, changed, state.value, as_json=as_json)


def _destroyed(where: Place, number: int, wanted: VersionState) -> bool:
    return wanted is not VersionState.DESTROYED and any(
        version.path == where.path and version.number == number and version.state is VersionState.DESTROYED
        for version in where.store.versions()
    )


def _fields(where: Place, name: str | None, secret: Secret) -> dict[str, Secret]:
    return {where.spec.secret: secret} | ({} if name is None else {where.spec.id: Secret(name)})


def _last_id(where: Place) -> str | None:
    """Return the id of the version in use, which a rotation keeps."""
    try:
        opened, _ = where.store.read(where.path)
    except SecretError:
        return None  # what is wrong, or missing, is said by the writing
    name = opened.fields.get(where.spec.id)
    return None if name is None else name.reveal().decode()


def _tell(where: Place, numbers: list[int], what: str, *, as_json: bool) -> None:
    if as_json:
        emit({"alias": where.alias, "vault": where.vault, "path": where.path, "versions": numbers})
        return
    versions = ", ".join(map(str, numbers))
    print(
        f"{where.alias}: version {versions} is {what}"
        if len(numbers) == 1
        else f"{where.alias}: {versions or 'nothing'} {what}"
    )
