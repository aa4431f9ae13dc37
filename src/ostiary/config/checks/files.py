"""Is there what the file points at, and is it what it should be?"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cryptography import x509

from ostiary.config.checks import pem
from ostiary.config.checks.pem import Unusable
from ostiary.config.checks.references import references
from ostiary.config.draft import Draft
from ostiary.config.problem import Path as FieldPath
from ostiary.config.problem import Problem
from ostiary.config.schema import ListenerTlsSpec, LocalVaultSpec
from ostiary.config.values import FileRef, SecretRef

LARGEST: Final = 4 << 20
SOON: Final = 30
_PRIVATE: Final = frozenset(("private_key", "pkcs12"))
_AUTHORITIES: Final = frozenset(("authorities", "trusted"))


def present(draft: Draft, now: float, environ: Mapping[str, str]) -> Iterator[Problem]:
    """Find what is not there, cannot be read, does not fit together, or has expired.

    Args:
        draft: the file.
        now: seconds since the epoch.
        environ: the environment.
    """
    yield from _Surroundings(draft, now, environ).judge()


class _Surroundings:
    """What the file points at, read once."""

    def __init__(self, draft: Draft, now: float, environ: Mapping[str, str]) -> None:
        self._draft = draft
        self._now = now
        self._environ = environ
        self._found: dict[FieldPath, bytes] = {}

    def judge(self) -> Iterator[Problem]:
        for path, reference in references(self._draft):
            yield from (
                self._secret(path, reference) if isinstance(reference, SecretRef) else self._file(path, reference)
            )
        for path in list(self._found):
            if _AUTHORITIES.intersection(path):
                yield from self._authority(path)
        for name, listener in self._draft.listeners.items():
            if listener.tls is not None:
                yield from self._identity(("listeners", name, "tls"), listener.tls)
                yield from self._revocation(("listeners", name, "tls", "client"))
        for name, vault in self._draft.vaults.items():
            if isinstance(vault, LocalVaultSpec):
                yield from self._vault(("vaults", name, "path"), self._draft.folder / vault.path)

    def _problem(self, code: str, message: str, path: FieldPath, *, warning: bool = False, help_: str = "") -> Problem:
        return self._draft.problem(code, message, path, severity="warning" if warning else "error", help=help_)

    # --- is it there? ---------------------------------------------------------------------------

    def _secret(self, path: FieldPath, reference: SecretRef) -> Iterator[Problem]:
        if reference.kind == "file":
            yield from self._read(path, self._draft.folder / reference.name, str(reference), private=True)
            if self._found.get(path, b"x").strip() == b"":
                yield self._problem("C508", f"{reference}: the file is empty", path)
        elif value := self._environ.get(reference.name):
            self._found[path] = value.encode()
        else:
            message = f"the environment variable {reference.name} is not set"
            yield self._problem("C507", message, path, help_=f"set {reference.name} where `ostiary` is started")

    def _file(self, path: FieldPath, reference: FileRef) -> Iterator[Problem]:
        yield from self._read(path, reference.below(self._draft.folder), str(reference), private=path[-1] in _PRIVATE)

    def _read(self, path: FieldPath, file: Path, shown: str, *, private: bool) -> Iterator[Problem]:
        """Read a file, and say whether others may."""
        try:
            facts = file.stat()
            if stat.S_ISFIFO(facts.st_mode) or stat.S_ISCHR(facts.st_mode):  # reading one may never end
                yield self._problem("C501", f"{shown}: not a plain file", path)
                return
            with file.open("rb") as opened:
                data = opened.read(LARGEST + 1)
        except OSError as error:
            yield self._problem("C501", f"{shown}: {error.strerror}", path, help_=_seen_from(shown))
            return
        if len(data) > LARGEST:
            yield self._problem("C501", f"{shown}: larger than {LARGEST >> 20} MiB", path)
            return
        self._found[path] = data
        mode = stat.S_IMODE(facts.st_mode)
        if private and mode & 0o077:
            message = f"{shown} can be read by others on this machine (mode {mode:04o})"
            yield self._problem("C407", message, path, warning=True, help_=f"chmod 600 {shown.removeprefix('file:')}")

    # --- is it what it should be? ---------------------------------------------------------------

    def _authority(self, path: FieldPath) -> Iterator[Problem]:
        try:
            found = pem.certificates(self._found[path])
        except Unusable as wrong:
            yield self._problem(wrong.code, f"{self._shown(path)} {wrong.sentence}", path)
            return
        for certificate in found:
            may_issue = pem.is_authority(certificate)
            if may_issue is False or (may_issue is None and not self._lenient(path)):
                yield self._problem("C506", f"{_name(certificate)} is not an authority: it may issue nothing", path)
            elif wrong_date := pem.out_of_date(certificate, self._now):
                yield self._problem("C505", f"the authority {_name(certificate)} {wrong_date}", path)

    def _lenient(self, path: FieldPath) -> bool:
        """Whether authorities that cannot say what they are, as X.509 v1 cannot, are accepted at a path."""
        listener = self._draft.listeners.get(str(path[1])) if path[0] == "listeners" else None
        return path[0] != "listeners" or bool(listener and listener.tls and listener.tls.client.profile == "compat")

    def _identity(self, path: FieldPath, tls: ListenerTlsSpec) -> Iterator[Problem]:
        """Judge the certificate of a server, and whether its key fits."""
        name = "certificate" if tls.pkcs12 is None else "pkcs12"
        try:
            leaf = self._leaf(path, tls)
        except Unusable as wrong:
            place = (*path, "private_key") if wrong.code in ("C503", "C515") else (*path, name)
            shown = "" if wrong.code == "C503" else f"{self._shown(place)} "
            yield self._problem(wrong.code, f"{shown}{wrong.sentence}", place)
            return
        if leaf is None:
            return
        if wrong_date := pem.out_of_date(leaf, self._now):
            yield self._problem("C504", f"the certificate {_name(leaf)} {wrong_date}", (*path, name))
        elif pem.days_left(leaf, self._now) < SOON:
            message = f"the certificate {_name(leaf)} expires in {pem.days_left(leaf, self._now)} days"
            yield self._problem("C408", message, (*path, name), warning=True)

    def _leaf(self, path: FieldPath, tls: ListenerTlsSpec) -> x509.Certificate | None:
        """Return the server's certificate, or None when something of it is not there.

        Raises:
            Unusable: it cannot be read, or the key is another one's.
        """
        password = self._found.get((*path, "password"))
        password = password.rstrip(b"\r\n") if password is not None else None
        if tls.password is not None and password is None:
            return None
        if tls.pkcs12 is not None:
            data = self._found.get((*path, "pkcs12"))
            return None if data is None else pem.bundle(data, password)
        chain, key = self._found.get((*path, "certificate")), self._found.get((*path, "private_key"))
        leaf = None if chain is None else pem.certificates(chain)[0]
        opened = None if key is None else pem.private_key(key, password)
        if leaf is not None and opened is not None and not pem.belongs(leaf, opened):
            raise Unusable("C503", f"this key is not the key of the certificate {_name(leaf)}")
        return leaf

    def _revocation(self, path: FieldPath) -> Iterator[Problem]:
        """Judge revocation lists: one of ours each, and of today."""
        authorities = self._names_of_authorities(path)
        for place in [place for place in self._found if place[: len(path) + 2] == (*path, "revocation", "crls")]:
            try:
                crl = pem.revocation_list(self._found[place])
            except Unusable as wrong:
                yield self._problem(wrong.code, f"{self._shown(place)} {wrong.sentence}", place)
                continue
            if authorities and crl.issuer not in authorities:
                message = f"this list is {crl.issuer.rfc4514_string()!r}'s, which is not one of `authorities`"
                yield self._problem("C510", message, place)
            elif crl.next_update_utc is not None and crl.next_update_utc.timestamp() < self._now:
                message = f"this list was to be replaced by {crl.next_update_utc:%Y-%m-%d %H:%M} UTC"
                yield self._problem(
                    "C511", message, place, warning=True, help_="with `mode: hard` nobody gets in by it"
                )

    def _names_of_authorities(self, path: FieldPath) -> set[x509.Name]:
        names: set[x509.Name] = set()
        for place, data in self._found.items():
            if place[: len(path) + 1] == (*path, "authorities"):
                try:
                    names |= {certificate.subject for certificate in pem.certificates(data)}
                except Unusable:
                    continue
        return names

    def _vault(self, path: FieldPath, file: Path) -> Iterator[Problem]:
        if not file.exists():
            message = f"there is no vault at {self._draft.tree.texts[path]!r}"
            yield self._problem("C514", message, path, help_="`ostiary vault put` makes one")
        elif not file.is_file():
            yield self._problem("C514", f"{self._draft.tree.texts[path]!r} is not a file", path)

    def _shown(self, path: FieldPath) -> str:
        return self._draft.tree.texts.get(path, "the file")


def _name(certificate: x509.Certificate) -> str:
    return repr(certificate.subject.rfc4514_string() or "without a subject")


def _seen_from(shown: str) -> str:
    path = shown.removeprefix("file:")
    return "" if path.startswith("/") else "a relative path counts from the folder of the configuration file"
